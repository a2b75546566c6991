// probe_message.cpp: see probe_message.hpp.
#include "wire/probe_message.hpp"

#include <array>
#include <chrono>
#include <cstring>

#include "wire/bytes.hpp"
#include "wire/token.hpp"

namespace sonde::wire {

static_assert(nonce_bytes == token_bytes, "the nonce stands where the token does");

std::uint32_t icmp_time(UnixTime time) {
  using std::chrono::milliseconds;
  const auto since_epoch = std::chrono::floor<milliseconds>(time.time_since_epoch());
  constexpr milliseconds day = std::chrono::hours(24);
  return static_cast<std::uint32_t>((since_epoch % day).count());
}

void write_request(std::span<std::byte> message, Family family, ProbeMessage kind, std::uint16_t identifier,
                   std::uint16_t sequence) {
  if (kind != ProbeMessage::node_information)
    write_echo_request(message, family, identifier, sequence);
  else
    store_be16(message, 2, 0);
  message[0] = static_cast<std::byte>(request_type(family, kind));
}

void write_node_query(std::span<std::byte> message, const NodeQuery& query) {
  message[1] = static_cast<std::byte>(query.subject_type);
  store_be16(message, 4, query.type);
  store_be16(message, 6, query.flags);
}

std::uint64_t proof_of(ProbeMessage kind, std::uint64_t token, ProbeNumbers numbers,
                       std::uint32_t originate) {
  if (kind == ProbeMessage::echo) return token;
  if (kind == ProbeMessage::timestamp) return originate;
  std::array<std::byte, nonce_bytes> nonce;
  write_token(nonce, token);
  store_be16(nonce, 0, numbers.sequence);
  store_be16(nonce, nonce_identifier_at, numbers.identifier);
  return *read_token(nonce);
}

void write_proof(std::span<std::byte> payload, ProbeMessage kind, std::uint64_t proof) {
  if (kind != ProbeMessage::timestamp) return write_token(payload, proof);
  store_be32(payload, 0, static_cast<std::uint32_t>(proof));
  store_be32(payload, 4, 0);  // the receive time is for the answering host to fill in
}

std::optional<std::uint64_t> read_proof(std::span<const std::byte> payload, ProbeMessage kind) {
  if (kind != ProbeMessage::timestamp) return read_token(payload);
  if (payload.size() < 4) return std::nullopt;
  return load_be32(payload, 0);
}

bool is_answer(IcmpKind kind, ProbeMessage asked) {
  switch (asked) {
    case ProbeMessage::echo:
      return kind == IcmpKind::echo_reply;
    case ProbeMessage::timestamp:
      return kind == IcmpKind::timestamp_reply;
    case ProbeMessage::node_information:
      return kind == IcmpKind::node_reply;
  }
  return false;
}

std::optional<ProbeNumbers> nonce_numbers(std::span<const std::byte> payload) {
  if (payload.size() < nonce_bytes) return std::nullopt;
  return ProbeNumbers{.identifier = load_be16(payload, nonce_identifier_at),
                      .sequence = load_be16(payload, 0)};
}

std::optional<IcmpTimes> read_icmp_times(std::span<const std::byte> payload) {
  if (payload.size() < timestamp_payload_bytes) return std::nullopt;
  return IcmpTimes{load_be32(payload, 0), load_be32(payload, 4), load_be32(payload, 8)};
}

std::optional<NodeAnswer> read_node_answer(std::span<const std::byte> message) {
  if (message.size() < echo_header_bytes + nonce_bytes) return std::nullopt;
  return NodeAnswer{load_u8(message, 1), load_be16(message, 4), load_be16(message, 6)};
}

}  // namespace sonde::wire
