// transport_words.cpp: see transport_words.hpp.
#include "text/transport_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "text/quote.hpp"

namespace sonde {

std::string_view to_string(TransportKind kind) {
  return text::transport_word(kind);
}

}  // namespace sonde

namespace sonde::text {

Parsed<AskedTransport> parse_transport(std::string_view text, std::span<const TransportKind> kinds) {
  constexpr std::string_view with_port = "tcp:";
  if (text.starts_with(with_port) && std::ranges::find(kinds, TransportKind::tcp) != kinds.end()) {
    const auto port = parse_whole(text.substr(with_port.size()), 1, 65'535);
    if (!port) return std::unexpected(fmt::format("tcp: {}", port.error()));
    return AskedTransport{TransportKind::tcp, static_cast<std::uint16_t>(*port)};
  }
  const auto found = std::ranges::find(kinds, text, transport_word);
  if (found == kinds.end()) return refuse(text, fmt::format("is not one of {}", transport_list(kinds)));
  return AskedTransport{*found, 0};
}

std::string transport_list(std::span<const TransportKind> kinds) {
  std::string list;
  for (const TransportKind kind : kinds) {
    if (!list.empty()) list += ", ";
    list += transport_word(kind);
  }
  return list;
}

}  // namespace sonde::text
