// ip_fuzz.cpp: whatever arrives as an IP packet is read without harm, and its header lies inside it.
#include <cstdlib>

#include "wire/ip.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto packet = std::as_bytes(std::span(data, size));
  const auto header = sonde::wire::parse_ip(packet);
  if (!header) return 0;
  const std::size_t fixed_bytes = header->family == sonde::Family::ipv4 ? 20 : 40;
  if (header->header_bytes > size || header->header_bytes != fixed_bytes + header->options.size())
    std::abort();
  if (header->has_options != !header->options.empty()) std::abort();
  if (header->has_options && header->options.data() != packet.data() + fixed_bytes) std::abort();
  return 0;
}
