// ip_options.hpp: the options of an IPv4 header (RFC 791 section 3.1), one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sonde::wire {

inline constexpr std::uint8_t ip_option_end = 0, ip_option_no_operation = 1;
inline constexpr std::uint8_t ip_option_record_route = 7, ip_option_timestamp = 68;
inline constexpr std::uint8_t ip_option_loose_source_route = 131, ip_option_strict_source_route = 137;
inline constexpr std::uint8_t ip_option_router_alert = 148;

struct IpOption {
  std::uint8_t type = 0;
  std::span<const std::byte> data;  // behind type and length
};

// Calls visit(option) for each option, without padding, up to the end of the list or the first one whose length cannot be.
template <typename Visit>
void for_each_ip_option(std::span<const std::byte> options, Visit visit) {
  for (std::size_t at = 0; at < options.size();) {
    const auto type = std::to_integer<std::uint8_t>(options[at]);
    if (type == ip_option_end) return;
    if (type == ip_option_no_operation) {
      ++at;
      continue;
    }
    if (at + 1 >= options.size()) return;
    const auto length = std::to_integer<std::size_t>(options[at + 1]);
    if (length < 2 || length > options.size() - at) return;
    visit(IpOption{type, options.subspan(at + 2, length - 2)});
    at += length;
  }
}

}  // namespace sonde::wire
