// extensions.hpp: what routers append to the packet that they quote in an ICMP error: extension objects (RFC 4884), of which the
// MPLS label stack (RFC 4950) is read.
//
// Behind the 8-byte header comes the packet that caused the error, cut anywhere. Where extensions follow, a length field in the
// header, in units of 4 (IPv4) or 8 bytes (IPv6), says where the quote ends, at least 128 bytes, padded with zeros. Older routers
// append them at byte 128 without saying so; a version of 2 and a right checksum there tell (RFC 4884 section 5.5). Routers and
// NATs also get the field wrong, so a length that cannot be is left aside.
#pragma once

#include <cstddef>
#include <span>

#include "sonde/address.hpp"

namespace sonde::wire {

struct QuoteParts {
  std::span<const std::byte> quote, extensions;  // extensions: empty where there are none
};

// Of an ICMP error. Requires: message holds at least its 8-byte header.
QuoteParts split_quote(Family family, std::span<const std::byte> message);

// The extensions behind a quote whose first `missing` bytes were taken off, as Linux's error queue hands it over: without the
// header that has the length field, so only what lies at byte 128 is found.
std::span<const std::byte> extensions_behind(std::span<const std::byte> quote, std::size_t missing);

// The entries of the label stack in an extension structure, 4 bytes each (RFC 3032), top first; empty where there is none, or
// what there is does not prove to be extensions.
std::span<const std::byte> mpls_label_stack(std::span<const std::byte> extensions);

}  // namespace sonde::wire
