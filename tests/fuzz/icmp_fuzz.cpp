// icmp_fuzz.cpp: whatever arrives as an ICMP message is read without harm, and what is read lies inside it.
//
// Input: one byte choosing family (bit 0) and entry (bits 1 and 2), then the message.
#include <cstdlib>
#include <cstring>

#include "wire/extensions.hpp"
#include "wire/icmp.hpp"
#include "wire/node_information.hpp"
#include "wire/probe_message.hpp"

namespace {

using namespace sonde;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_inside(std::span<const std::byte> part, std::span<const std::byte> whole) {
  require(part.empty() ||
          (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size()));
}

// What a node information reply may have behind its nonce; every step takes something of it, so the end is reached.
void read_node_data(Family family, std::span<const std::byte> data) {
  std::size_t steps = 0;
  wire::NodeAddresses addresses(data, family);
  wire::NodeAddress address;
  while (addresses.next(address) == wire::NodeStep::item) require(++steps <= data.size());
  if (data.size() < wire::node_ttl_bytes) return;
  steps = 0;
  wire::NodeNames names(data);
  wire::NodeName name;
  while (names.next(name) == wire::NodeStep::item) {
    require(++steps <= data.size());
    require(std::memchr(name.text.data(), 0, name.text.size()) != nullptr);
  }
}

void read_contents(const wire::IcmpMessage& message, std::span<const std::byte> whole) {
  const auto times = wire::read_icmp_times(message.payload);
  require(times.has_value() == (message.payload.size() >= wire::timestamp_payload_bytes));
  const auto node = wire::read_node_answer(whole);
  require(node.has_value() == wire::nonce_numbers(message.payload).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Family family = (data[0] & 1) != 0 ? Family::ipv6 : Family::ipv4;
  const auto message = std::as_bytes(std::span(data + 1, size - 1));
  if ((data[0] & 4) != 0) {
    read_node_data(family, message);
    return 0;
  }
  if ((data[0] & 2) != 0) {
    const auto quoted = wire::parse_quoted_icmp(family, message);
    require(quoted.has_value() == (message.size() >= wire::echo_header_bytes));
    if (quoted) require_inside(quoted->payload, message);
    require_inside(wire::mpls_label_stack(wire::extensions_behind(message, data[0] >> 2)), message);
    return 0;
  }
  wire::icmpv4_checksum_valid(message);
  const auto parsed = wire::parse_icmp(family, message);
  require(parsed.has_value() == (message.size() >= wire::echo_header_bytes));
  if (!parsed) return 0;
  require_inside(parsed->payload, message);
  read_contents(*parsed, message);
  require(!wire::describe(family, parsed->type, parsed->code).empty());
  const bool is_error_or_note = parsed->kind == wire::IcmpKind::error || parsed->kind == wire::IcmpKind::note;
  require(is_error_or_note == (parsed->reason != ErrorReason::none));
  if (parsed->quoted) {
    require(is_error_or_note && parsed->quoted->family == family);
    require(parsed->quoted->source && parsed->quoted->destination);
    require_inside(parsed->quoted->payload, message);
    require_inside(parsed->label_stack, message);
  }
  return 0;
}
