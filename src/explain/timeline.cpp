// timeline.cpp: see timeline.hpp.
#include "explain/timeline.hpp"

#include <algorithm>
#include <utility>

#include "wire/initial_ttl.hpp"

namespace sonde::explain {
namespace {

constexpr std::array all_instants = {Instant::send_called,     Instant::scheduled, Instant::sent,
                                     Instant::send_returned,   Instant::arrived,   Instant::poll_woke,
                                     Instant::receive_returned};

using Told = std::array<bool, instant_count>;  // by Instant: missing, and in a span

// The stamps that the packet must have passed before `instant`, and that nobody took; each once.
std::vector<Instant> missing_before(Instant instant, const Measurements& measurements, Told& told) {
  std::vector<Instant> missing;
  if (instant == Instant::send_returned) return missing;  // the packet may be anywhere by then
  for (const Instant earlier : all_instants) {
    const auto place = static_cast<std::size_t>(earlier);
    if (earlier == instant) break;
    if (!is_stamp(earlier) || measurements[place] || told[place]) continue;
    told[place] = true;
    missing.push_back(earlier);
  }
  return missing;
}

}  // namespace

std::string_view to_string(Instant instant) {
  constexpr std::array<std::string_view, instant_count> names{"send_called",     "sched_stamp", "snd_stamp",
                                                              "send_returned",   "rx_stamp",    "poll_woke",
                                                              "receive_returned"};
  return names[static_cast<std::size_t>(instant)];
}

std::string_view describe(Instant instant) {
  constexpr std::array<std::string_view, instant_count> texts{"sonde calls sendmmsg()",
                                                              "SCHED stamp: given to the queueing discipline",
                                                              "SND stamp: handed to the device",
                                                              "sendmmsg() returns",
                                                              "RX stamp: the answer came from the device",
                                                              "poll() wakes sonde",
                                                              "recvmmsg() returns the answer"};
  return texts[static_cast<std::size_t>(instant)];
}

bool is_stamp(Instant instant) {
  return instant == Instant::scheduled || instant == Instant::sent || instant == Instant::arrived;
}

std::optional<UnixTime> Timeline::at(Instant instant) const {
  const auto found = std::ranges::find(instants, instant, &Measured::instant);
  return found == instants.end() ? std::nullopt : std::optional(found->at);
}

Nanoseconds Timeline::whole() const {
  return instants.empty() ? Nanoseconds::zero() : instants.back().at - instants.front().at;
}

Timeline make_timeline(const Measurements& measurements) {
  Timeline timeline;
  for (const Instant instant : all_instants) {
    if (const auto& at = measurements[static_cast<std::size_t>(instant)])
      timeline.instants.push_back({instant, *at});
  }
  // Where nothing queues, a packet may be answered before the call that sent it is back.
  std::ranges::sort(timeline.instants, {},
                    [](const Measured& measured) { return std::pair(measured.at, measured.instant); });
  Told told{};
  for (std::size_t i = 1; i < timeline.instants.size(); ++i) {
    const Measured& from = timeline.instants[i - 1];
    const Measured& to = timeline.instants[i];
    Instant reached = from.instant;
    for (const Instant missing : missing_before(to.instant, measurements, told)) {
      timeline.spans.push_back({reached, missing, std::nullopt});
      reached = missing;
    }
    timeline.spans.push_back({from.instant, to.instant, to.at - from.at});
  }
  return timeline;
}

Distance likely_distance(std::uint8_t ttl) {
  const std::uint8_t initial = wire::likely_initial_ttl(ttl);
  return {initial, static_cast<unsigned>(initial - ttl)};
}

}  // namespace sonde::explain
