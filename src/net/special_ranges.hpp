// special_ranges.hpp: the table of address ranges that are no ordinary hosts of the Internet.
//
// Sources: IANA's registries of IPv4 and of IPv6 special-purpose addresses (RFC 6890, RFC 8190; as of 2025), of which
// all that are not "globally reachable" are here; the multicast ranges (RFC 5771, RFC 4291); what of IPv6 is no
// global unicast (RFC 4291 section 2.4); and the addresses at which clouds serve an instance's own data and credentials
// where those lie outside of all these. Ranges may overlap: the first that holds an address names it.
#pragma once

#include <span>
#include <string_view>

#include "sonde/address.hpp"

namespace sonde::net {

struct SpecialRange {
  std::string_view prefix;  // as AddressRange::parse() reads it
  std::string_view meaning;
};

std::span<const SpecialRange> special_ranges();

// The first range that holds `address`; nullptr: an ordinary address. A zone is not looked at.
const SpecialRange* find_special(const Address& address);

// Both ends included; families never match each other, zones are not looked at.
bool contains(const AddressRange& range, const Address& address);

}  // namespace sonde::net
