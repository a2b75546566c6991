// quoted_header.cpp: see quoted_header.hpp.
#include "compat/ping/quoted_header.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>

#include "wire/ip.hpp"

namespace sonde::compat::ping {

namespace {

// The tool shows fields of two bytes as this machine reads them, not in network order: "5400" for a length of 84 on most.
std::uint16_t as_read_here(std::span<const std::byte> packet, std::size_t at) {
  std::uint16_t value = 0;
  std::memcpy(&value, packet.subspan(at).data(), sizeof value);
  return value;
}

}  // namespace

std::string quoted_header_text(std::span<const std::byte> packet, IpOptionsText& options) {
  const auto header = wire::parse_ip(packet);
  if (!header || header->family != Family::ipv4) return {};
  constexpr std::size_t total_at = 2, identification_at = 4, fragment_at = 6, checksum_at = 10;
  constexpr std::size_t bytes_of_a_word = 4;
  constexpr int flag_bits_at = 13;
  constexpr std::uint16_t offset_mask = 0x1fff;
  const std::uint16_t fragment = as_read_here(packet, fragment_at);
  std::string text = "Vr HL TOS  Len   ID Flg  off TTL Pro  cks      Src      Dst Data\n";
  text += fmt::format(" 4  {:x}  {:02x} {:04x} {:04x}", header->header_bytes / bytes_of_a_word, header->tos,
                      as_read_here(packet, total_at), as_read_here(packet, identification_at));
  text +=
      fmt::format("   {:x} {:04x}  {:02x}  {:02x} {:04x}", fragment >> flag_bits_at, fragment & offset_mask,
                  header->ttl, header->protocol, as_read_here(packet, checksum_at));
  text += fmt::format(" {}  {} \n", header->source.to_string(), header->destination.to_string());
  return text + options.text(header->options);
}

}  // namespace sonde::compat::ping
