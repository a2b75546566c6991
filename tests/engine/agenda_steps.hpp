// agenda_steps.hpp: what the tests of the agenda's policies have in common.
#pragma once

#include <vector>

#include "engine/agenda.hpp"

namespace sonde::engine {

inline constexpr MonotonicTime start{std::chrono::seconds(50)};
inline constexpr Nanoseconds slack = TimerWheel::tick;

inline Address host(std::uint32_t number) {
  return Address::ipv4(0xc0000200u + number);
}

inline TargetOptions with(Schedule schedule) {
  TargetOptions options;
  options.schedule = std::move(schedule);
  options.timeout = std::chrono::milliseconds(100);
  return options;
}

// Takes all that is due at `now`.
inline std::vector<Agenda::Sending> take_all(Agenda& agenda, MonotonicTime now, std::size_t most = 1000) {
  std::vector<Agenda::Sending> taken;
  agenda.advance(now);
  while (taken.size() < most && agenda.peek_due()) {
    agenda.take_due(now, taken.emplace_back());
  }
  return taken;
}

inline void verdict(Agenda& agenda, TargetIndex target, EventKind kind, MonotonicTime now,
                    MonotonicTime timed_out_at) {
  agenda.verdict(target, kind, now, timed_out_at);
}

}  // namespace sonde::engine
