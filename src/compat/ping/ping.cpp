// ping.cpp: see ping.hpp.
#include "compat/ping/ping.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdlib>
#include <string_view>

#include "compat/ping/destination.hpp"
#include "compat/ping/ip_options.hpp"
#include "compat/ping/options.hpp"
#include "compat/ping/run.hpp"
#include "compat/ping/sockets.hpp"
#include "compat/ping/voice.hpp"
#include "compat/streams.hpp"
#include "sonde/address.hpp"

namespace sonde::compat::ping {

namespace {

// Headers leave so much of a packet's 65,535 bytes.
constexpr int most_bytes_v4 = 65'507, most_bytes_v6 = 65'527;

// What an address or -4 and -6 say about the family holds for the limit, too.
std::optional<Exit> check_size(const Options& options, const OpenWays& ways, const Voice& voice) {
  std::optional<Family> family = options.family;
  if (!family && !ways.ipv4) family = Family::ipv6;
  if (!family && !ways.ipv6) family = Family::ipv4;
  const std::string& target = options.operands.back();
  if (const auto address = Address::parse(target.substr(0, target.find('%')))) family = address->family();
  // Whether hops are given is not known yet to the tool.
  const int ip_options = options.record_route || options.timestamp ? 40 : 0;
  const int most = family == Family::ipv4 ? most_bytes_v4 - ip_options : most_bytes_v6;
  if (options.size_bytes <= most) return std::nullopt;
  return voice.refuse(
      1, fmt::format("invalid -s value: '{}': out of range: 0 <= value <= {}", options.size_bytes, most));
}

int run(int count, char** arguments, Voice& voice) {
  const char* lookup = std::getenv("IPUTILS_PING_PTR_LOOKUP");
  const bool is_root = ::getuid() == 0;
  auto options =
      read_options(count, arguments, {is_root, lookup != nullptr && std::string_view(lookup) == "0"}, voice);
  if (!options) return options.error().status;
  const auto ways = find_open_ways(*options, voice);
  if (!ways) return ways.error().status;
  if (const auto exit = check_size(*options, *ways, voice)) return exit->status;
  const OpenFamilies open{ways->ipv4.has_value(), ways->ipv6.has_value(),
                          ways->ipv6 == TransportKind::icmp_datagram};
  auto destination = find_destination(*options, open, is_root, voice);
  if (!destination) return destination.error().status;
  const auto way = ways->of(destination->address.family());
  if (!way) return voice.refuse(2, "socket", EAFNOSUPPORT).status;
  return Run(*options, std::move(*destination), *way, is_root, voice).run();
}

}  // namespace

int ping(int count, char** arguments) {
  // Names may be written in letters beyond ASCII, and the system's messages in the user's language; numbers are not.
  std::setlocale(LC_CTYPE, "");
  std::setlocale(LC_MESSAGES, "");
  Streams streams;
  Voice voice(arguments[0], streams);
  const int status = run(count, arguments, voice);
  return streams.finish(voice.name(), status);
}

}  // namespace sonde::compat::ping
