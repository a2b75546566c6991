// files.cpp: see files.hpp.
#include "doctor/files.hpp"

#include <charconv>
#include <fstream>

namespace sonde::doctor {
namespace {

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto begin = text.find_first_not_of(separators);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    parts.push_back(text.substr(0, text.find_first_of(separators)));
    text.remove_prefix(parts.back().size());
  }
  return parts;
}

}  // namespace

std::optional<std::string> read_text(const std::filesystem::path& file) {
  constexpr std::size_t most_bytes = 1 << 20;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return std::nullopt;
  std::string text;
  std::string part(4096, '\0');
  while (text.size() < most_bytes && stream) {
    stream.read(part.data(), static_cast<std::streamsize>(part.size()));
    text.append(part, 0, static_cast<std::size_t>(stream.gcount()));
  }
  return text;
}

std::optional<std::int64_t> read_number(const std::filesystem::path& file) {
  const auto text = read_text(file);
  if (!text) return std::nullopt;
  const auto words = words_of(*text);
  std::int64_t number = 0;
  if (words.empty()) return std::nullopt;
  const auto [end, failure] =
      std::from_chars(words.front().data(), words.front().data() + words.front().size(), number);
  if (failure != std::errc{}) return std::nullopt;
  return number;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  return split(text, "\n");
}

std::vector<std::string_view> words_of(std::string_view line) {
  return split(line, " \t\n");
}

std::optional<std::uint64_t> to_number(std::string_view text, int base) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace sonde::doctor
