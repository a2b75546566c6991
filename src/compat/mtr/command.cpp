// command.cpp: see command.hpp.
#include "compat/mtr/command.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace sonde::compat::mtr {

namespace {

constexpr std::string_view blanks = " \t\n\v\f\r";
constexpr std::size_t most_arguments = 16, most_words = 2 * most_arguments + 2;

// As many words as there are, one more than there may be at most.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (words.size() <= most_words) {
    const std::size_t begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos) break;
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(blanks), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

// The number that `text` begins with.
std::from_chars_result read_number(std::string_view text, long& number) {
  const bool plus = text.size() > 1 && text[0] == '+' && text[1] != '-';
  return std::from_chars(text.data() + (plus ? 1 : 0), text.data() + text.size(), number);
}

}  // namespace

std::optional<std::string_view> Command::find(std::string_view wanted) const {
  const auto found = std::ranges::find(arguments, wanted, &Argument::name);
  return found == arguments.end() ? std::nullopt : std::optional(found->value);
}

std::optional<Command> parse_command(std::string_view line) {
  const auto words = words_of(line);
  if (words.size() < 2 || words.size() > most_words || words.size() % 2 != 0) return std::nullopt;
  Command command;
  long token = 0;
  if (read_number(words[0], token).ec == std::errc::result_out_of_range) return std::nullopt;
  command.token = static_cast<int>(token);
  command.name = words[1];
  for (std::size_t i = 2; i < words.size(); i += 2) command.arguments.push_back({words[i], words[i + 1]});
  return command;
}

std::optional<int> parse_number(std::string_view text) {
  long number = 0;
  const auto [end, error] = read_number(text, number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return static_cast<int>(number);
}

std::optional<std::string> LineBuffer::next() {
  const auto held = std::span(bytes_).first(used_);
  const auto end = std::ranges::find(held, '\n');
  if (end == held.end()) return std::nullopt;
  std::string line(held.begin(), end);
  std::copy(end + 1, held.end(), held.begin());
  used_ -= line.size() + 1;
  return line;
}

bool LineBuffer::take_overflow() {
  if (used_ < bytes_.size()) return false;
  used_ = 0;
  return true;
}

}  // namespace sonde::compat::mtr
