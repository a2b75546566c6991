// page.cpp: see page.hpp.
#include "report/page.hpp"

#include <algorithm>
#include <vector>

#include "report/display.hpp"

namespace sonde::report {
namespace {

constexpr std::size_t width = 80;
constexpr std::size_t indent = 2;
constexpr std::size_t label_width = 13;

}  // namespace

std::vector<std::string> fold(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    std::string& line = lines.back();
    if (!line.empty() && display_width(line) + 1 + display_width(word) > columns) {
      lines.emplace_back(word);
    } else {
      line += (line.empty() ? "" : " ") + std::string(word);
    }
  }
  return lines;
}

void Page::paragraph(std::string_view text, Colour colour) {
  for (const std::string& line : fold(printable(text), width)) text_ += paint(line, colour, colour_) + '\n';
}

void Page::section(std::string_view title) {
  text_ += '\n' + paint(title, Colour::bold, colour_) + '\n';
}

void Page::row(std::string_view label, std::string_view text, Colour colour) {
  std::string head = std::string(indent, ' ') + pad_right(label, label_width);
  for (const std::string& line : fold(printable(text), width - indent - label_width)) {
    text_ += head + paint(line, colour, colour_) + '\n';
    head.assign(indent + label_width, ' ');
  }
}

void Page::cells(std::string_view label, std::string_view text, Colour colour) {
  text_ += std::string(indent, ' ') + pad_right(label, label_width) +
           paint(printable(text), colour, colour_) + '\n';
}

void Page::verbatim(std::string_view line) {
  text_ += std::string(indent + 4, ' ') + printable(line) + '\n';
}

}  // namespace sonde::report
