// token.hpp: the proof in a probe's payload that an answer answers this very probe.
//
// Token = SipHash-2-4 under a key that only this process knows, over (37 bytes) the target's address padded
// to 16, the sequence and the counter as little-endian 64-bit numbers, the family (4 or 6) and the zone's
// index in 32 bits. Who has not seen the probe cannot forge it but by trying 2^64 values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "sonde/address.hpp"
#include "wire/siphash.hpp"

namespace sonde::wire {

inline constexpr std::size_t token_bytes = 8;  // at the start of the payload
inline constexpr std::size_t token_message_bytes = 37;
inline constexpr std::size_t address_message_bytes = 21;

// Immutable, safe to share between threads. Requires: the key's bytes are random and secret.
class TokenKey {
 public:
  explicit TokenKey(const std::array<std::byte, 16>& key)
      : start_(load_le64(key.data()), load_le64(key.data() + 8)) {}

  // `sequence` counts the target's probes, `counter` this process's sends: equal only for the same probe.
  std::uint64_t token(const Address& address, std::uint64_t sequence, std::uint64_t counter) const {
    SipHash hash = start_;
    hash.block(load_le64(address.padded_bytes().data()));
    hash.block(load_le64(address.padded_bytes().data() + 8));
    hash.block(sequence);
    hash.block(counter);
    return hash.finish(tail_of(address), token_message_bytes);
  }

  // Of the address alone, over the same bytes without the numbers: none of these is a token.
  std::uint64_t address_hash(const Address& address) const {
    SipHash hash = start_;
    hash.block(load_le64(address.padded_bytes().data()));
    hash.block(load_le64(address.padded_bytes().data() + 8));
    return hash.finish(tail_of(address), address_message_bytes);
  }

 private:
  static std::uint64_t tail_of(const Address& address) {
    return static_cast<std::uint64_t>(address.family()) | (std::uint64_t{address.scope_id()} << 8);
  }

  SipHash start_;
};

// Requires: payload holds at least token_bytes.
inline void write_token(std::span<std::byte> payload, std::uint64_t token) {
  std::memcpy(payload.data(), &token, token_bytes);
}

// The token as write_token left it; nullopt when the payload is too short for one.
inline std::optional<std::uint64_t> read_token(std::span<const std::byte> payload) {
  if (payload.size() < token_bytes) return std::nullopt;
  std::uint64_t token = 0;
  std::memcpy(&token, payload.data(), token_bytes);
  return token;
}

}  // namespace sonde::wire
