// ip_fuzz.cpp: whatever arrives as an IP packet is read without harm, and its header and options lie inside it.
#include <cstdlib>

#include "wire/ip.hpp"
#include "wire/ip_options.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto packet = std::as_bytes(std::span(data, size));
  sonde::wire::for_each_ip_option(packet, [packet](const sonde::wire::IpOption& option) {
    if (option.type <= sonde::wire::ip_option_no_operation) std::abort();
    const std::byte* end = option.data.data() + option.data.size();
    if (option.data.data() < packet.data() + 2 || end > packet.data() + packet.size()) std::abort();
  });
  const auto header = sonde::wire::parse_ip(packet);
  if (!header) return 0;
  const std::size_t fixed_bytes = header->family == sonde::Family::ipv4 ? 20 : 40;
  if (header->header_bytes > size || header->header_bytes != fixed_bytes + header->options.size())
    std::abort();
  if (header->has_options != !header->options.empty()) std::abort();
  if (header->has_options && header->options.data() != packet.data() + fixed_bytes) std::abort();
  return 0;
}
