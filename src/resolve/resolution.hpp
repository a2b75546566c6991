// resolution.hpp: what a name stands for.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "sonde/address.hpp"
#include "sonde/error.hpp"

namespace sonde::resolve {

// Which families of a name are asked for.
enum class FamilyFilter : std::uint8_t { any, ipv4, ipv6 };

constexpr bool admits(FamilyFilter filter, Family family) {
  return filter == FamilyFilter::any || (filter == FamilyFilter::ipv4) == (family == Family::ipv4);
}

struct ResolvedAddress {
  Address address;
  std::chrono::seconds ttl{};  // how long the answer holds

  friend bool operator==(const ResolvedAddress&, const ResolvedAddress&) = default;
};

// Never empty, without duplicates, best first (RFC 6724).
struct Resolution {
  std::vector<ResolvedAddress> addresses;
  std::string canonical_name;  // the end of the alias chain; the name itself where there is none

  std::chrono::seconds ttl() const {  // of the shortest-lived address
    const auto first = std::min_element(addresses.begin(), addresses.end(),
                                        [](const auto& a, const auto& b) { return a.ttl < b.ttl; });
    return first == addresses.end() ? std::chrono::seconds{} : first->ttl;
  }
};

// TTL of answers that come without one: /etc/hosts, NSS modules.
inline constexpr std::chrono::seconds default_ttl{60};

// Drops what the filter does not admit and what is there twice. Error: nothing is left, "no IPv6 address".
Result<Resolution> filtered(Resolution resolution, const std::string& name, FamilyFilter filter);

// "name has no IPv4 address", for `name`.
Error no_address(const std::string& name, FamilyFilter filter);

// Sorts addresses that no resolver library has sorted: those with a route first, then by RFC 6724's table of
// precedence (IPv6 before IPv4 before ULA); otherwise keeps their order.
void order_destinations(std::vector<ResolvedAddress>& addresses);

}  // namespace sonde::resolve
