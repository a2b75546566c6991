// quote.cpp: see quote.hpp.
#include "text/quote.hpp"

#include <fmt/format.h>

#include "text/printable.hpp"
#include "text/utf8.hpp"

namespace sonde::text {
namespace {

constexpr std::size_t longest_quote_bytes = 60;

// The front of `text` up to the longest quote, without a part of a character at its end.
std::string_view shortened(std::string_view text) {
  if (text.size() <= longest_quote_bytes) return text;
  std::size_t length = 0;
  while (true) {
    const std::size_t next = length + decode_utf8(text.substr(length)).length;
    if (next > longest_quote_bytes) return text.substr(0, length);
    length = next;
  }
}

}  // namespace

std::string in_quotes(std::string_view text) {
  const std::string_view shown = shortened(text);
  return fmt::format("\"{}{}\"", printable(shown), shown.size() < text.size() ? "..." : "");
}

std::unexpected<std::string> refuse(std::string_view text, std::string_view reason) {
  return std::unexpected(fmt::format("{} {}", in_quotes(text), reason));
}

}  // namespace sonde::text
