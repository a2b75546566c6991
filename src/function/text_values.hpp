// text_values.hpp: reads the values that an event's fields hold, and the encodings they come in.
//
// Every function reads its whole argument or refuses it. Pure and bounded; callable from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sonde/options.hpp"
#include "sonde/time.hpp"

namespace sonde::function {

// Decimal digits, at most `most`.
std::optional<std::uint64_t> read_whole(std::string_view text, std::uint64_t most);

// "0.2" (seconds), "200ms", "1.5s", "500us", "1m"; not negative, at most a day.
std::optional<Nanoseconds> read_duration(std::string_view text);

// "true" or "1", "false" or "0".
std::optional<bool> read_truth(std::string_view text);

struct AskedTransport {
  TransportKind kind = TransportKind::automatic;
  std::uint16_t tcp_port = 0;  // 0: the usual ones
};
// A transport as to_string() spells it ("auto", "icmp", "raw", "udp", "tcp"), or "tcp:8080".
std::optional<AskedTransport> read_transport(std::string_view text);
// All of them, for a message: "auto, icmp, raw, udp, tcp, tcp:PORT".
std::string transport_names();

// A numeric address, or a name that DNS could know: labels of 1 to 63 letters, digits, '-' and '_', 253 in all,
// the last not all digits. International names come as they stand in DNS ("xn--...").
bool is_plausible_target(std::string_view text);

// RFC 3986 percent-encoding, with '+' for a space as forms have it. nullopt: a broken escape.
std::optional<std::string> percent_decoded(std::string_view text);

// RFC 4648 section 4, with or without padding. nullopt: anything else.
std::optional<std::string> base64_decoded(std::string_view text);

// Text as it may stand in a message: in double quotes, cut after some 60 bytes, printable ASCII only.
std::string in_quotes(std::string_view text);

}  // namespace sonde::function
