// ip_options.cpp: see ip_options.hpp.
#include "compat/ping/ip_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "wire/bytes.hpp"
#include "wire/ip_options.hpp"

namespace sonde::compat::ping {

namespace {

constexpr std::size_t route_slots = 9;  // what 40 bytes hold
// The pointer's first value: behind type, length and pointer (and a timestamp's flags), counted from 1.
constexpr std::size_t first_route_pointer = 4, first_timestamp_pointer = 5;

// Where the next entry would be written, counted from 1: behind the option where it is full.
std::size_t pointer_of(std::span<const std::byte> option) {
  return std::min(std::to_integer<std::size_t>(option[2]), option.size() + 1);
}

constexpr std::byte octet(std::size_t value) {
  return static_cast<std::byte>(value);
}

void append(std::vector<std::byte>& options, const std::vector<Address>& addresses, std::size_t gap) {
  for (const Address& address : addresses) {
    const auto bytes = address.bytes();
    options.insert(options.end(), bytes.begin(), bytes.end());
    options.resize(options.size() + gap);
  }
}

std::vector<std::byte> route_option(std::uint8_t type, std::size_t slots) {
  return {octet(wire::ip_option_no_operation), octet(type), octet(3 + slots * 4), octet(first_route_pointer)};
}

std::vector<std::byte> timestamp_option(TimestampRequest request, const std::vector<Address>& hops) {
  std::size_t length = request == TimestampRequest::time_only ? 40 : 36;
  if (request == TimestampRequest::listed_addresses) length = 4 + hops.size() * 8;
  std::vector<std::byte> option = {octet(wire::ip_option_timestamp), octet(length),
                                   octet(first_timestamp_pointer), static_cast<std::byte>(request)};
  if (request == TimestampRequest::listed_addresses) append(option, hops, 4);
  option.resize(length);
  return option;
}

}  // namespace

std::vector<std::byte> requested_ip_options(const Options& options, const Destination& destination) {
  if (!destination.address.is_ipv4()) return {};
  if (options.record_route) {
    auto option = route_option(wire::ip_option_record_route, route_slots);
    option.resize(option.size() + route_slots * 4);
    return option;
  }
  if (options.timestamp) return timestamp_option(*options.timestamp, destination.hops);
  if (destination.hops.empty()) return {};
  auto option = route_option(
      options.dont_route ? wire::ip_option_strict_source_route : wire::ip_option_loose_source_route,
      destination.hops.size());
  append(option, destination.hops, 0);
  return option;
}

int counted_ip_option_bytes(const Options& options) {
  const bool any = options.record_route || options.timestamp || options.operands.size() > 1;
  return any ? 40 : 0;
}

std::string IpOptionsText::host(std::span<const std::byte> four_bytes) const {
  const Address address = Address::ipv4(wire::load_be32(four_bytes, 0));
  return "\t" + (address.is_any() ? std::string("0.0.0.0") : name_(address));
}

std::string IpOptionsText::source_route(std::byte type, std::span<const std::byte> option) const {
  const bool strict = std::to_integer<std::uint8_t>(type) == wire::ip_option_strict_source_route;
  std::string text = strict ? "\nSSRR: " : "\nLSRR: ";
  for (auto rest = option.subspan(3); rest.size() >= 4; rest = rest.subspan(4)) text += host(rest) + '\n';
  return text;
}

std::string IpOptionsText::recorded_route(std::span<const std::byte> option) {
  const std::size_t pointer = pointer_of(option);
  if (pointer <= first_route_pointer) return {};
  const auto filled = option.subspan(3, pointer - first_route_pointer);
  if (std::ranges::equal(filled, last_route_)) return "\t(same route)";
  last_route_.assign(filled.begin(), filled.end());
  std::string text = "\nRR: ";
  for (auto rest = filled; rest.size() >= 4; rest = rest.subspan(4)) text += host(rest) + '\n';
  return text;
}

// Times are milliseconds since midnight UT, the first whole and the others as differences; the topmost bit marks one that
// is on some other scale.
std::string IpOptionsText::timestamps(std::span<const std::byte> option) const {
  const std::size_t pointer = pointer_of(option);
  if (pointer <= first_timestamp_pointer) return {};
  const auto flags = std::to_integer<unsigned>(option[3]);
  const bool has_addresses = (flags & 0xf) != 0;
  const std::size_t entry = has_addresses ? 8 : 4;
  constexpr std::uint32_t other_scale = 0x80000000;
  std::int64_t last = 0, last_other = 0;
  std::string text = "\nTS: ";
  const auto filled = option.subspan(4, pointer - first_timestamp_pointer);
  for (auto rest = filled; rest.size() >= entry; rest = rest.subspan(entry)) {
    if (has_addresses) text += host(rest);
    const std::uint32_t time = wire::load_be32(rest, entry - 4);
    const std::int64_t value = time & ~other_scale;
    if ((time & other_scale) != 0) {
      text += last_other == 0 ? fmt::format("\t{} absolute not-standard", value)
                              : fmt::format("\t{} not-standard", value - last_other);
      last_other = value;
    } else {
      text += last == 0 ? fmt::format("\t{} absolute", value) : fmt::format("\t{}", value - last);
      last = value;
    }
    text += '\n';
  }
  if (flags >> 4 != 0) text += fmt::format("Unrecorded hops: {}\n", flags >> 4);
  return text;
}

std::string IpOptionsText::option_text(std::uint8_t type, std::span<const std::byte> option) {
  constexpr std::size_t least_bytes = 4;  // of the options that are known
  if (option.size() >= least_bytes) {
    if (type == wire::ip_option_loose_source_route || type == wire::ip_option_strict_source_route)
      return source_route(option[0], option);
    if (type == wire::ip_option_record_route) return recorded_route(option);
    if (type == wire::ip_option_timestamp) return timestamps(option);
  }
  return fmt::format("\nunknown option {:x}", type);
}

std::string IpOptionsText::text(std::span<const std::byte> options) {
  std::string text;
  for (auto rest = options; !rest.empty();) {
    const auto type = std::to_integer<std::uint8_t>(rest[0]);
    if (type == wire::ip_option_end) break;
    if (type == wire::ip_option_no_operation) {
      text += "\nNOP";
      rest = rest.subspan(1);
      continue;
    }
    if (rest.size() < 2) break;
    const auto length = std::to_integer<std::size_t>(rest[1]);
    if (length < 2 || length > rest.size()) break;
    const auto option = rest.first(length);
    text += option_text(type, option);
    rest = rest.subspan(length);
  }
  return text;
}

}  // namespace sonde::compat::ping
