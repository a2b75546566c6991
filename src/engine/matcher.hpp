// matcher.hpp: which probe an arrival answers, and what that makes of the probe.
//
// The sequence number leads to a slot; the token in the payload then has to be the very one of that slot's
// probe (of other messages than echoes: their proof, wire/probe_message.hpp). Only an answer to a probe too short for a
// token, or to a timestamp request, is believed for its socket, source and sequence. An ICMP error has to quote the sequence number and the destination, and the token as far as the
// quote goes.
//
// The RTT is the difference of the kernel's two stamps when both can be believed, else that of the monotonic
// clock around the calls:
//   both stamps there; no clock step since the send; TX stamp not before the send call; 0 <= RTT <= the
//   monotonic one.
#pragma once

#include <optional>
#include <unordered_map>

#include "engine/agenda.hpp"
#include "engine/channel.hpp"
#include "engine/clock_watch.hpp"
#include "sonde/event.hpp"
#include "transport/transport.hpp"

namespace sonde::engine {

// What an arrival came to. `slot` and `target` are null and unset for a rejected packet that fits no target.
struct Match {
  Event event;
  ProbeSlot* slot = nullptr;
  std::optional<TargetIndex> target;
  bool silent = false;  // nothing worth telling: an ICMP error about a probe that has its verdict already
};

class Matcher {
 public:
  explicit Matcher(const ClockWatch& clock) : clock_(&clock) {}

  // Decides what `arrival` is; changes neither slot nor target. Event::target is left to the caller.
  Match match(const transport::Arrival& arrival, Channel& channel, Agenda& agenda);

  // How long after the probe was sent this arrived at the host, by its own stamp; nullopt: that is missing, or not to be
  // believed.
  std::optional<Nanoseconds> time_to_arrival(const transport::Arrival& arrival, const ProbeSlot& slot) const;

  // What a probe that got no answer looks like.
  Event unanswered(const ProbeSlot& slot, const Address& address) const;

 private:
  // These fill in `match`, a fresh one: copying it costs more than deciding it.
  void match_answer(const transport::Arrival& arrival, Channel& channel, Agenda& agenda, Match& match);
  void match_error(const transport::Arrival& arrival, Channel& channel, Agenda& agenda, Match& match);
  void reject(const transport::Arrival& arrival, Agenda& agenda, EventFlags why, Match& match) const;
  void measure(const transport::Arrival& arrival, const ProbeSlot& slot, Event& event) const;
  EventFlags compare_payload(const transport::Arrival& arrival, const TargetOptions& options) const;
  void read_contents(const transport::Arrival& arrival, const TargetOptions& options, Event& event) const;
  UnixTime sent_unix(const ProbeSlot& slot) const;
  bool is_own_address(const Address& address);

  const ClockWatch* clock_;
  std::unordered_map<Address, bool>
      own_addresses_;  // asked of the system once each; bounded, see is_own_address
};

}  // namespace sonde::engine
