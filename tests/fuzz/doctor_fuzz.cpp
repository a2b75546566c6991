// doctor_fuzz.cpp: what doctor reads from /proc, from extended attributes and from netlink does no harm, whatever it is.
#include <cstdlib>

#include "doctor/firewall.hpp"
#include "doctor/holders.hpp"
#include "doctor/ping_binary.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& holder : sonde::doctor::parse_socket_table("icmp", text)) {
    if (holder.process) std::abort();  // a table knows none
  }
  std::vector<sonde::doctor::FirewallChain> chains;
  int failure = 0;
  sonde::doctor::parse_chains(bytes, chains, failure);
  for (const auto& chain : chains) {
    if (chain.hook != "input" && chain.hook != "output") std::abort();
  }
  sonde::doctor::PingBinary ping;
  sonde::doctor::read_file_capability(bytes, ping);
  if (ping.effective && !ping.has_capability) std::abort();
  return 0;
}
