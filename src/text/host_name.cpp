// host_name.cpp: see host_name.hpp.
#include "text/host_name.hpp"

#include <algorithm>

#include "text/number.hpp"
#include "text/utf8.hpp"

namespace sonde::text {
namespace {

constexpr std::size_t longest_name_bytes = 253;
constexpr std::size_t longest_label_bytes = 63;

bool is_name_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

bool is_plausible_host_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);  // the root
  if (text.empty() || text.size() > longest_name_bytes || !is_utf8(text)) return false;
  while (true) {
    const auto dot = text.find('.');
    const auto label = text.substr(0, dot);
    if (label.empty() || label.size() > longest_label_bytes || label.front() == '-') return false;
    if (!std::ranges::all_of(label, is_name_character)) return false;
    if (dot == std::string_view::npos) return !std::ranges::all_of(label, is_digit);
    text.remove_prefix(dot + 1);
  }
}

}  // namespace sonde::text
