// text_values.cpp: see text_values.hpp.
#include "function/text_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "sonde/address.hpp"

namespace sonde::function {
namespace {

// The one place where an event's transports are listed; their names are to_string()'s.
constexpr std::array transports = {TransportKind::automatic, TransportKind::icmp_datagram,
                                   TransportKind::icmp_raw, TransportKind::udp, TransportKind::tcp};

struct Unit {
  std::string_view name;
  double seconds;
};

// The longer of two that end alike first.
constexpr std::array units = {Unit{"ns", 1e-9}, Unit{"us", 1e-6}, Unit{"ms", 1e-3}, Unit{"s", 1},
                              Unit{"m", 60}};

constexpr double longest_duration_seconds = 86'400;

bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

bool is_name_character(char letter) {
  return is_digit(letter) || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         letter == '-' || letter == '_';
}

std::optional<unsigned> hexadecimal(char letter) {
  if (is_digit(letter)) return static_cast<unsigned>(letter - '0');
  const char small = static_cast<char>(letter | 0x20);
  if (small >= 'a' && small <= 'f') return static_cast<unsigned>(small - 'a') + 10;
  return std::nullopt;
}

std::optional<unsigned> base64_digit(char letter) {
  if (letter >= 'A' && letter <= 'Z') return static_cast<unsigned>(letter - 'A');
  if (letter >= 'a' && letter <= 'z') return static_cast<unsigned>(letter - 'a') + 26;
  if (is_digit(letter)) return static_cast<unsigned>(letter - '0') + 52;
  if (letter == '+') return 62U;
  if (letter == '/') return 63U;
  return std::nullopt;
}

bool is_plausible_name(std::string_view text) {
  constexpr std::size_t longest_name = 253;
  constexpr std::size_t longest_label = 63;
  if (text.ends_with('.')) text.remove_suffix(1);  // the root
  if (text.empty() || text.size() > longest_name) return false;
  while (true) {
    const auto dot = text.find('.');
    const auto label = text.substr(0, dot);
    if (label.empty() || label.size() > longest_label || label.front() == '-') return false;
    if (!std::ranges::all_of(label, is_name_character)) return false;
    if (dot == std::string_view::npos) return !std::ranges::all_of(label, is_digit);
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

std::optional<std::uint64_t> read_whole(std::string_view text, std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

std::optional<Nanoseconds> read_duration(std::string_view text) {
  double scale = 1;
  for (const Unit& unit : units) {
    if (!text.ends_with(unit.name)) continue;
    text.remove_suffix(unit.name.size());
    scale = unit.seconds;
    break;
  }
  if (text.empty() || !is_digit(text.front())) return std::nullopt;  // from_chars takes "-1", "inf" and "nan"
  double value = 0;
  const auto [end, failure] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  const double seconds = value * scale;
  if (seconds > longest_duration_seconds) return std::nullopt;
  return Nanoseconds(std::llround(seconds * 1e9));
}

std::optional<bool> read_truth(std::string_view text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return std::nullopt;
}

std::optional<AskedTransport> read_transport(std::string_view text) {
  constexpr std::string_view with_port = "tcp:";
  if (text.starts_with(with_port)) {
    const auto port = read_whole(text.substr(with_port.size()), 65'535);
    if (!port || *port == 0) return std::nullopt;
    return AskedTransport{TransportKind::tcp, static_cast<std::uint16_t>(*port)};
  }
  const auto found = std::ranges::find(transports, text, [](TransportKind kind) { return to_string(kind); });
  if (found == transports.end()) return std::nullopt;
  return AskedTransport{*found, 0};
}

std::string transport_names() {
  std::string names;
  for (const TransportKind kind : transports) {
    if (!names.empty()) names += ", ";
    names += to_string(kind);
  }
  return names + ", tcp:PORT";
}

bool is_plausible_target(std::string_view text) {
  return is_plausible_name(text) || Address::parse(text).has_value();
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = hexadecimal(text[i + 1]);
    const auto low = hexadecimal(text[i + 2]);
    if (!high || !low) return std::nullopt;
    decoded += static_cast<char>(*high << 4 | *low);
    i += 2;
  }
  return decoded;
}

std::optional<std::string> base64_decoded(std::string_view text) {
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string decoded;
  decoded.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char letter : text) {
    const auto digit = base64_digit(letter);
    if (!digit) return std::nullopt;
    bits = bits << 6 | *digit;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    decoded += static_cast<char>(bits >> held & 0xffU);
  }
  return decoded;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t most_shown = 60;
  std::string quoted = "\"";
  for (const char letter : text.substr(0, most_shown)) {
    const bool printable = letter >= 0x20 && letter < 0x7f;
    if (printable) {
      quoted += letter;
    } else {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(letter));
    }
  }
  quoted += text.size() > most_shown ? "...\"" : "\"";
  return quoted;
}

}  // namespace sonde::function
