// proof.hpp: what a probe of a sweep carries, so that an answer proves itself and nothing need be remembered.
//
// Payload, little-endian:
//   0   8   SipHash-2-4 under the sweep's key, over address, index and ordinal (wire/token.hpp)
//   8   8   index of the address in the space
//   16  8   ordinal: the how-manieth probe of its thread this is, in the low 48 bits; which probe to this address in
//           the high 16
//   24      the contact text, then zeros
// No time: who sees the probe learns nothing by it and can shift no RTT. The ICMP sequence number is 16 bits of a hash
// under the same key over the address alone, as an ICMP error need quote no more than 8 bytes of a probe: with the quoted
// destination that is all the proof such an error has.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sonde/address.hpp"
#include "wire/token.hpp"

namespace sonde::sweep {

inline constexpr std::size_t proof_bytes = 24;

struct ProbeNumbers {
  std::uint64_t index = 0;
  std::uint64_t ordinal = 0;  // below 2^48
  std::uint16_t probe = 0;
  friend bool operator==(const ProbeNumbers&, const ProbeNumbers&) = default;
};

// Immutable: safe to share between threads.
class Proof {
 public:
  // Requires: random bytes that nobody else knows.
  explicit Proof(const std::array<std::byte, 16>& key);

  // Requires: payload holds at least proof_bytes.
  void write(std::span<std::byte> payload, const Address& address, const ProbeNumbers& numbers) const;
  // What the payload says of itself, unproved: the address is found by the index, then proves() decides.
  // nullopt: fewer than proof_bytes.
  static std::optional<ProbeNumbers> read(std::span<const std::byte> payload);
  bool proves(std::span<const std::byte> payload, const Address& address) const;

  // The same for every probe to the address.
  std::uint16_t sequence(const Address& address) const;

 private:
  wire::TokenKey key_;
};

}  // namespace sonde::sweep
