// target_space.cpp: see target_space.hpp.
#include "sweep/target_space.hpp"

#include "wire/siphash.hpp"

namespace sonde::sweep {

std::optional<std::uint64_t> TargetSpace::index_of(const Address& address) const {
  if (address.scope_id() != 0) return std::nullopt;
  if (address.is_ipv4()) return ipv4_.index_of(word_of<Ipv4Word>(address));
  const std::optional<std::uint64_t> index = ipv6_.index_of(word_of<Ipv6Word>(address));
  if (!index) return std::nullopt;
  return ipv4_.size() + *index;
}

// SipHash-2-4 under a key of zeros, over each run's ends: an IPv4 run is one block of first and last, an IPv6 run four
// of the first's halves and the last's; how many IPv4 addresses there are comes first, and tells the two apart.
std::uint64_t TargetSpace::digest() const {
  wire::SipHash hash(0, 0);
  hash.block(ipv4_.size());
  ipv4_.for_each_run([&](Ipv4Word first, Ipv4Word last) { hash.block(std::uint64_t{first} << 32 | last); });
  ipv6_.for_each_run([&](Ipv6Word first, Ipv6Word last) {
    for (const Ipv6Word word : {first, last}) {
      hash.block(static_cast<std::uint64_t>(word >> 64));
      hash.block(static_cast<std::uint64_t>(word));
    }
  });
  return hash.finish(0, 0);
}

}  // namespace sonde::sweep
