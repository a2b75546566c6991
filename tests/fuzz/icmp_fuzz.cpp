// icmp_fuzz.cpp: whatever arrives as an ICMP message is read without harm, and what is read lies inside it.
//
// Input: one byte choosing family (bit 0) and entry (bit 1), then the message.
#include <cstdlib>

#include "wire/icmp.hpp"

namespace {

using namespace sonde;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_inside(std::span<const std::byte> part, std::span<const std::byte> whole) {
  require(part.empty() ||
          (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Family family = (data[0] & 1) != 0 ? Family::ipv6 : Family::ipv4;
  const auto message = std::as_bytes(std::span(data + 1, size - 1));
  if ((data[0] & 2) != 0) {
    const auto quoted = wire::parse_quoted_icmp(family, message);
    require(quoted.has_value() == (message.size() >= wire::echo_header_bytes));
    if (quoted) require_inside(quoted->payload, message);
    return 0;
  }
  wire::icmpv4_checksum_valid(message);
  const auto parsed = wire::parse_icmp(family, message);
  require(parsed.has_value() == (message.size() >= wire::echo_header_bytes));
  if (!parsed) return 0;
  require_inside(parsed->payload, message);
  require(!wire::describe(family, parsed->type, parsed->code).empty());
  const bool is_error_or_note = parsed->kind == wire::IcmpKind::error || parsed->kind == wire::IcmpKind::note;
  require(is_error_or_note == (parsed->reason != ErrorReason::none));
  if (parsed->quoted) {
    require(is_error_or_note && parsed->quoted->family == family);
    require(parsed->quoted->source && parsed->quoted->destination);
    require_inside(parsed->quoted->payload, message);
  }
  return 0;
}
