// pcapng.cpp: pcap-ng blocks, and the IP headers that sockets do not show.
#include "report/pcapng.hpp"

#include <fmt/format.h>

#include <cstring>
#include <vector>

#include "report/output_file.hpp"
#include "wire/checksum.hpp"
#include "wire/ip.hpp"

namespace sonde::report {
namespace {

// Block and option codes.
constexpr std::uint32_t section_header_block = 0x0a0d0d0a, interface_block = 1, enhanced_packet_block = 6;
constexpr std::uint32_t byte_order_magic = 0x1a2b3c4d;
constexpr std::uint16_t option_end = 0, option_comment = 1;
constexpr std::uint16_t section_user_application = 4, interface_name = 2, interface_resolution = 9,
                        packet_flags = 2;
constexpr std::uint16_t linktype_raw = 101;
constexpr std::uint32_t snap_length = 262144;
constexpr std::size_t longest_packet = 65535 + 40;

// Integers in the host's order: the section header's magic tells readers which that is.
template <typename Integer>
void append(std::string& block, Integer value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  block.append(bytes, sizeof value);
}

void append_padded(std::string& block, std::string_view bytes) {
  block.append(bytes);
  block.append((4 - bytes.size() % 4) % 4, '\0');
}

void append_option(std::string& block, std::uint16_t code, std::string_view value) {
  append(block, code);
  append(block, static_cast<std::uint16_t>(value.size()));
  append_padded(block, value);
}

void begin_block(std::string& block, std::uint32_t type) {
  block.clear();
  append(block, type);
  append(block, std::uint32_t{0});  // the length, once known
}

// Writes the length at both ends.
void end_block(std::string& block) {
  append_option(block, option_end, {});
  const auto length = static_cast<std::uint32_t>(block.size() + sizeof(std::uint32_t));
  std::memcpy(block.data() + sizeof(std::uint32_t), &length, sizeof length);
  append(block, length);
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

constexpr std::size_t icmp_checksum_offset = 2;

void fill_checksum(std::span<std::byte> message, const Address& from, const Address& to) {
  if (message.size() < icmp_checksum_offset + 2) return;
  wire::store_checksum(message, icmp_checksum_offset, 0);
  const std::uint32_t pseudo_header =
      from.is_ipv4() ? 0 : wire::pseudo_header_sum(from, to, static_cast<std::uint32_t>(message.size()));
  wire::store_checksum(message, icmp_checksum_offset, wire::internet_checksum(message, pseudo_header));
}

// Appends header and message to `packet` and returns what a reader should know about them; false when it fits
// no packet.
bool synthesise(const PacketView& view, std::string& packet, std::string& comment) {
  const bool ipv4 = view.from.is_ipv4() && view.to.is_ipv4();
  // The side that the socket did not tell may be an unspecified address of the default family.
  const Family family = ipv4 ? Family::ipv4 : Family::ipv6;
  const Address from = view.from.family() == family ? view.from : Address::any(family);
  const Address to = view.to.family() == family ? view.to : Address::any(family);
  constexpr std::size_t longest_v4 = 65535 - 20, longest_v6 = 65535;
  if (view.bytes.size() > (ipv4 ? longest_v4 : longest_v6)) return false;

  const wire::IpFields fields{
      .source = from,
      .destination = to,
      .protocol = ipv4 ? wire::protocol_icmpv4 : wire::protocol_icmpv6,
      .payload_bytes = static_cast<std::uint16_t>(view.bytes.size()),
      .ttl = view.ttl == 0 ? std::uint8_t{64} : view.ttl,
      .tos = view.tos,
  };
  if (ipv4) {
    packet.append(as_text(wire::ipv4_header(fields)));
  } else {
    packet.append(as_text(wire::ipv6_header(fields)));
  }
  std::vector<std::byte> message(view.bytes.begin(), view.bytes.end());
  const bool unknown_end = from.is_any() || to.is_any();
  const bool checksum_ours = view.outgoing || (!ipv4 && unknown_end);
  if (checksum_ours) fill_checksum(message, from, to);
  packet.append(as_text(message));

  comment = "IP header written by sonde: the socket shows the ICMP message only";
  if (from.is_any()) comment += "; source address not known";
  if (to.is_any()) comment += "; destination address not known";
  if (view.ttl == 0) comment += ipv4 ? "; TTL not known" : "; hop limit not known";
  if (checksum_ours) comment += "; ICMP checksum computed by sonde";
  return true;
}

}  // namespace

bool is_pcapng(std::string_view beginning) {
  // Reads the same in both byte orders.
  return begins_as(beginning, "\x0a\x0d\x0d\x0a");
}

PcapNgWriter::PcapNgWriter(Output& output, std::string_view version, OwnAddress own_address)
    : output_(output), own_address_(std::move(own_address)) {
  begin_block(block_, section_header_block);
  append(block_, byte_order_magic);
  append(block_, std::uint16_t{1});  // version 1.0
  append(block_, std::uint16_t{0});
  append(block_, std::int64_t{-1});  // section length not given
  append_option(block_, section_user_application, fmt::format("sonde {}", version));
  end_block(block_);
  output_.write(block_);

  begin_block(block_, interface_block);
  append(block_, linktype_raw);
  append(block_, std::uint16_t{0});
  append(block_, snap_length);
  append_option(block_, interface_name, "sonde");
  append_option(block_, interface_resolution, "\x09");  // 10^-9 s
  end_block(block_);
  output_.write(block_);
}

bool PcapNgWriter::complete(PacketView& packet) const {
  Address& own = packet.outgoing ? packet.from : packet.to;
  const Address& peer = packet.outgoing ? packet.to : packet.from;
  if (!own_address_ || !own.is_any() || peer.is_any()) return false;
  const auto found = own_address_(peer);
  if (found) own = *found;
  return found.has_value();
}

void PcapNgWriter::packet(const PacketView& packet) {
  packet_.clear();
  std::string comment;
  if (packet.has_ip_header) {
    if (packet.bytes.size() > longest_packet) return;
    packet_.append(as_text(packet.bytes));
  } else {
    PacketView completed = packet;
    const bool looked_up = complete(completed);
    if (!synthesise(completed, packet_, comment)) return;
    if (looked_up) comment += "; this host's address by its routes";
  }
  const auto stamp = static_cast<std::uint64_t>(packet.at.time_since_epoch().count());
  const auto length = static_cast<std::uint32_t>(packet_.size());
  begin_block(block_, enhanced_packet_block);
  append(block_, std::uint32_t{0});  // the only interface
  append(block_, static_cast<std::uint32_t>(stamp >> 32));
  append(block_, static_cast<std::uint32_t>(stamp & 0xffffffffu));
  append(block_, length);  // captured
  append(block_, length);  // on the wire
  append_padded(block_, packet_);
  std::string flags;
  append(flags, packet.outgoing ? std::uint32_t{2} : std::uint32_t{1});
  append_option(block_, packet_flags, flags);
  if (!comment.empty()) append_option(block_, option_comment, comment);
  end_block(block_);
  output_.write(block_);
  ++packets_;
}

}  // namespace sonde::report
