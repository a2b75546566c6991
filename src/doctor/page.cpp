// page.cpp: see page.hpp.
#include "doctor/page.hpp"

#include <algorithm>
#include <vector>

#include "report/display.hpp"

namespace sonde::doctor {
namespace {

constexpr std::size_t width = 80;
constexpr std::size_t indent = 2;
constexpr std::size_t label_width = 13;

// `text` in lines of at most `columns`, broken at spaces; a longer word stands alone.
std::vector<std::string> fold(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    std::string& line = lines.back();
    if (!line.empty() && report::display_width(line) + 1 + report::display_width(word) > columns) {
      lines.emplace_back(word);
    } else {
      line += (line.empty() ? "" : " ") + std::string(word);
    }
  }
  return lines;
}

}  // namespace

void Page::paragraph(std::string_view text, report::Colour colour) {
  for (const std::string& line : fold(report::printable(text), width))
    text_ += report::paint(line, colour, colour_) + '\n';
}

void Page::section(std::string_view title) {
  text_ += '\n' + report::paint(title, report::Colour::bold, colour_) + '\n';
}

void Page::row(std::string_view label, std::string_view text, report::Colour colour) {
  std::string head = std::string(indent, ' ') + report::pad_right(label, label_width);
  for (const std::string& line : fold(report::printable(text), width - indent - label_width)) {
    text_ += head + report::paint(line, colour, colour_) + '\n';
    head.assign(indent + label_width, ' ');
  }
}

void Page::cells(std::string_view label, std::string_view text, report::Colour colour) {
  text_ += std::string(indent, ' ') + report::pad_right(label, label_width) +
           report::paint(report::printable(text), colour, colour_) + '\n';
}

void Page::verbatim(std::string_view line) {
  text_ += std::string(indent + 4, ' ') + report::printable(line) + '\n';
}

}  // namespace sonde::doctor
