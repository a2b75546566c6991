// probe_message.hpp: in what the kinds of probes differ: header, what of a probe its answer has to bring back as proof, and
// where that stands.
//
//   message          | which probe it answers  | proof, at the start of what is behind the 8-byte header
//   -----------------+-------------------------+-------------------------------------------------------------------
//   echo             | identifier and sequence | the token: 64 keyed bits (token.hpp)
//   timestamp        | identifier and sequence | the originate time: 32 bits, which can be guessed (RFC 792)
//   node information | the same, in the nonce  | the nonce: sequence, identifier, 32 keyed bits (RFC 4620, section 4)
//
// An echo brings back all of the payload, the others only this.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "sonde/address.hpp"
#include "sonde/event.hpp"
#include "sonde/options.hpp"
#include "sonde/time.hpp"
#include "wire/icmp.hpp"

namespace sonde::wire {

inline constexpr std::size_t timestamp_payload_bytes = 12;  // three times of 32 bits
inline constexpr std::size_t nonce_bytes = 8;
inline constexpr std::size_t nonce_identifier_at = 2;  // behind the sequence number

struct ProbeNumbers {
  std::uint16_t identifier = 0, sequence = 0;

  friend bool operator==(ProbeNumbers, ProbeNumbers) = default;
};

// Milliseconds since midnight UTC, as timestamp messages carry them.
std::uint32_t icmp_time(UnixTime time);

// Writes the 8-byte header of a request as write_echo_request() does; of a node information query type and checksum
// only, as write_node_query() writes the rest. Requires: the same, and that the family knows the message.
void write_request(std::span<std::byte> message, Family family, ProbeMessage kind, std::uint16_t identifier,
                   std::uint16_t sequence);
// Requires: message holds at least echo_header_bytes.
void write_node_query(std::span<std::byte> message, const NodeQuery& query);

// What proves an answer to a probe of this kind. `token` is the probe's (token.hpp), `originate` when it is made, of which
// only a timestamp request makes use.
std::uint64_t proof_of(ProbeMessage kind, std::uint64_t token, ProbeNumbers numbers, std::uint32_t originate);
// Requires: payload holds at least token_bytes.
void write_proof(std::span<std::byte> payload, ProbeMessage kind, std::uint64_t proof);
// As write_proof() left it; nullopt when the payload is too short.
std::optional<std::uint64_t> read_proof(std::span<const std::byte> payload, ProbeMessage kind);

// Whether a message of this kind is how such a probe is answered.
bool is_answer(IcmpKind kind, ProbeMessage asked);

// What a node information message's nonce names. Errors: nullopt for fewer than 8 bytes.
std::optional<ProbeNumbers> nonce_numbers(std::span<const std::byte> payload);
// The times of a timestamp reply. Errors: nullopt for fewer than 12 bytes.
std::optional<IcmpTimes> read_icmp_times(std::span<const std::byte> payload);
// The head of a node information reply. Errors: nullopt for fewer than 16 bytes, header and nonce.
std::optional<NodeAnswer> read_node_answer(std::span<const std::byte> message);

}  // namespace sonde::wire
