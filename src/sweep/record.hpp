// record.hpp: what a sweep says of one answer, and what it counts of all.
#pragma once

#include <cstdint>
#include <optional>

#include "sonde/address.hpp"
#include "sonde/event.hpp"
#include "sonde/time.hpp"

namespace sonde::sweep {

// One packet that proved which probe it answers: an echo reply, or an ICMP error that quotes the probe.
struct Record {
  Address address;          // that was asked
  Address from;             // who sent the packet
  std::uint64_t index = 0;  // of the address in the space
  bool is_reply = false;    // an echo reply; otherwise an ICMP error
  std::uint8_t type = 0, code = 0;
  ErrorReason reason = ErrorReason::none;      // of an error
  std::uint16_t identifier = 0, sequence = 0;  // of the echo
  std::optional<Nanoseconds> rtt;              // none: the packet does not say which probe it is about
  bool rtt_is_bound = false;                   // too short to be told: `rtt` is the longest that it can be
  std::optional<UnixTime> sent_at;             // as `rtt`
  UnixTime received_at{};
  std::optional<std::uint32_t> probe;  // which probe to this address, from 0; the same
  std::optional<std::uint8_t> ttl;     // or hop limit, as it arrived
  std::uint32_t bytes = 0;             // ICMP message length
  bool duplicate = false;              // the address has answered before
  bool late = false;                   // the RTT is longer than `--late`
  bool cooldown = false;               // came after the last probe had been sent
  std::optional<Address> to;  // the address of this host that the packet came to, where the kernel says it
};

// Of one thread, of all, or of all runs of a resumed sweep: they add up.
struct Counts {
  std::uint64_t sent = 0;       // taken by the kernel
  std::uint64_t refused = 0;    // the send call failed: never left this host
  std::uint64_t replies = 0;    // echo replies, duplicates included
  std::uint64_t answering = 0;  // addresses that sent one
  std::uint64_t late = 0, duplicates = 0;
  std::uint64_t errors = 0;         // ICMP errors about probes of ours
  std::uint64_t forged = 0;         // answers without the proof
  std::uint64_t receive_drops = 0;  // dropped by this host's kernel: the receive buffer was full
  std::uint64_t clock_steps = 0;
  std::uint64_t rtt_bounds = 0;  // records whose RTT is an upper bound

  Counts& operator+=(const Counts& other);
  friend bool operator==(const Counts&, const Counts&) = default;
};

// Answers that came by the queue of another thread than their probes', and how many of these had to wait for room on their way to
// it (exchange.hpp). They add up.
struct Handovers {
  std::uint64_t all = 0, waited = 0;
  Handovers& operator+=(const Handovers& other) {
    all += other.all;
    waited += other.waited;
    return *this;
  }
};

}  // namespace sonde::sweep
