// probe.cpp: see probe.hpp.
#include "compat/mtr/probe.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

#include "wire/icmp.hpp"
#include "wire/ip.hpp"

namespace sonde::compat::mtr {

namespace {

using Refusal = std::unexpected<std::string_view>;

const Refusal invalid_argument("invalid-argument");

// The largest packet that mtr-packet sends.
constexpr int most_bytes = 9000;

enum class Protocol : std::uint8_t { icmp, udp, tcp, sctp };

// The arguments as they came, with mtr-packet's defaults.
struct Wish {
  std::optional<Family> family;
  std::string_view address, source, device;
  Protocol protocol = Protocol::icmp;
  int port = 0, local_port = 0, tos = 0, mark = 0, bytes = 64, pattern = 0, ttl = 255, timeout_s = 10;
};

struct NumberArgument {
  std::string_view name;
  int Wish::* place;
};

constexpr auto number_arguments = std::to_array<NumberArgument>({{"port", &Wish::port},
                                                                 {"local-port", &Wish::local_port},
                                                                 {"tos", &Wish::tos},
                                                                 {"mark", &Wish::mark},
                                                                 {"size", &Wish::bytes},
                                                                 {"bit-pattern", &Wish::pattern},
                                                                 {"ttl", &Wish::ttl},
                                                                 {"timeout", &Wish::timeout_s}});

std::optional<Protocol> protocol_called(std::string_view name) {
  if (name == "icmp") return Protocol::icmp;
  if (name == "udp") return Protocol::udp;
  if (name == "tcp") return Protocol::tcp;
  if (name == "sctp") return Protocol::sctp;
  return std::nullopt;
}

// False for a value that cannot be.
bool take(const Argument& argument, Wish& wish) {
  const auto& [name, value] = argument;
  if (name == "ip-4" || name == "ip-6") {
    wish.family = name == "ip-4" ? Family::ipv4 : Family::ipv6;
    wish.address = value;
  } else if (name == "local-ip-4" || name == "local-ip-6") {
    wish.source = value;
  } else if (name == "local-device") {
    wish.device = value;
  } else if (name == "protocol") {
    const auto protocol = protocol_called(value);
    wish.protocol = protocol.value_or(wish.protocol);
    return protocol.has_value();
  } else if (const auto* known = std::ranges::find(number_arguments, name, &NumberArgument::name);
             known != number_arguments.end()) {
    const auto number = parse_number(value);
    wish.*known->place = number.value_or(0);
    return number && (name != "local-port" || *number >= 1024);
  }
  return true;
}

// Zones are not taken, as inet_pton(3) does not.
std::optional<Address> parse_address(Family family, std::string_view text) {
  if (text.find('%') != std::string_view::npos) return std::nullopt;
  const auto address = Address::parse(text);
  return address && address->family() == family ? std::optional(*address) : std::nullopt;
}

bool fits(int number, int least, int most) {
  return number >= least && number <= most;
}

std::expected<NetworkOptions, std::string_view> network_of(const Wish& wish, const Support& support) {
  const Family family = *wish.family;
  NetworkOptions network;
  if (wish.protocol == Protocol::icmp) {
    const auto way = support.icmp(family);
    if (!way) return Refusal("permission-denied");
    network.transport = *way;
  } else {
    network.transport = wish.protocol == Protocol::udp ? TransportKind::udp : TransportKind::tcp;
  }
  // The destination port of a datagram is what its answer is known by.
  if (wish.protocol == Protocol::udp && (wish.port != 0 || wish.local_port != 0))
    return Refusal("invalid-argument reason port-not-supported");
  constexpr int http = 80, last_port = 65'535, last_byte = 255;
  if (!fits(wish.port, 0, last_port) || !fits(wish.ttl, 1, last_byte)) return invalid_argument;
  if (family == Family::ipv6 && !fits(wish.tos, 0, last_byte)) return invalid_argument;
  network.tcp_port = static_cast<std::uint16_t>(wish.port == 0 ? http : wish.port);
  network.ttl = static_cast<std::uint8_t>(wish.ttl);
  network.tos = static_cast<std::uint8_t>(wish.tos & last_byte);
  if (wish.mark != 0) network.mark = static_cast<std::uint32_t>(wish.mark);
  network.interface = wish.device;
  // A router on the way may cut it up, as mtr-packet's.
  if (family == Family::ipv4) network.path_mtu = PathMtu::never;
  if (!wish.source.empty()) {
    const auto source = parse_address(family, wish.source);
    if (!source) return invalid_argument;
    if (!source->is_any()) network.source = source;
  }
  return network;
}

}  // namespace

std::expected<Probe, std::string_view> read_probe(const Command& command, const Support& support) {
  Wish wish;
  for (const Argument& argument : command.arguments) {
    if (!take(argument, wish)) return invalid_argument;
  }
  if (!wish.family || !support.of(*wish.family))
    return Refusal("invalid-argument reason ip-version-not-supported");
  if (wish.protocol == Protocol::sctp) return Refusal("invalid-argument reason protocol-not-supported");
  const auto address = parse_address(*wish.family, wish.address);
  if (!address || wish.bytes > most_bytes) return invalid_argument;
  auto network = network_of(wish, support);
  if (!network) return Refusal(network.error());

  ProbeOptions options;
  // No time at all is not to be had: the shortest.
  const Nanoseconds longest = std::chrono::hours(24 * 365), shortest = std::chrono::microseconds(1);
  options.timeout = std::clamp<Nanoseconds>(std::chrono::seconds(wish.timeout_s), shortest, longest);
  const int headers = static_cast<int>(wire::ip_header_bytes(*wish.family) + wire::echo_header_bytes);
  options.payload_bytes = static_cast<std::uint16_t>(std::max(0, wish.bytes - headers));
  options.pattern = {static_cast<std::byte>(wish.pattern & 0xff)};
  options.network = std::move(*network);
  return Probe{*address, std::move(options)};
}

}  // namespace sonde::compat::mtr
