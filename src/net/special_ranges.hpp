// special_ranges.hpp: the table of address ranges that are no ordinary hosts of the Internet.
//
// Sources: IANA's registries of IPv4 and of IPv6 special-purpose addresses (RFC 6890, RFC 8190; as of 2025), of which
// all that are not "globally reachable" are here; the multicast ranges (RFC 5771, RFC 4291); what of IPv6 is no
// global unicast (RFC 4291 section 2.4); and the addresses at which clouds serve an instance's own data and credentials
// where those lie outside of all these. Ranges may overlap: the first that holds an address names it.
//
// An IPv6 address that leads to an IPv4 one (mapped, translated by RFC 6052's well-known prefix, 6to4) is special where
// either of the two is. Not known here: a network's own translation prefixes, and what is private by routing alone.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sonde/address.hpp"

namespace sonde::net {

struct SpecialRange {
  std::string_view prefix;  // as AddressRange::parse() reads it
  std::string_view meaning;
};

std::span<const SpecialRange> special_ranges();

// All that is special, as ranges: those of the table, and of IPv6 those that carry the table's IPv4.
std::vector<AddressRange> special_address_ranges();

// What makes `address` special: the first range that holds it, or else the IPv4 address in it; nullptr: an ordinary
// address. A zone is not looked at.
const SpecialRange* find_special(const Address& address);

// The same of the address as it is written, whatever it carries.
const SpecialRange* find_listed(const Address& address);

// The IPv4 address that packets to an IPv6 address end up at, where the address says so.
std::optional<Address> embedded_ipv4(const Address& address);

// Both ends included; families never match each other, zones are not looked at.
bool contains(const AddressRange& range, const Address& address);

}  // namespace sonde::net
