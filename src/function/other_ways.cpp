// other_ways.cpp: see other_ways.hpp.
#include "function/other_ways.hpp"

#include <algorithm>

#include "session/family_way.hpp"

namespace sonde::function {
namespace {

using session::FamilyWay;

// More than most round trips take.
constexpr Nanoseconds head_start = std::chrono::milliseconds(200);

bool over(const Figures& figures) {
  return figures.sent == FamilyWay::probes_before_doubt && figures.in_flight == 0;
}

}  // namespace

void OtherWays::begin(Session& session, TransportKind taken, std::span<const Address> addresses,
                      const TargetOptions& options) {
  TargetOptions trial = options;
  trial.schedule = FixedInterval{FamilyWay::trial_interval};
  trial.max_probes = FamilyWay::probes_before_doubt;
  trial.phase = Nanoseconds::zero();
  for (TransportKind way = FamilyWay::after(taken); way != TransportKind::automatic;
       way = FamilyWay::after(way)) {
    trial.network.transport = way;
    const std::size_t before = trials_.size();
    for (const Address& address : addresses.first(std::min(addresses.size(), FamilyWay::most_trials))) {
      const auto added = session.add(address, trial);
      if (!added) break;  // closed
      trials_.push_back({way, *added});
    }
    if (trials_.size() > before) *trial.phase += head_start;
  }
}

TransportKind OtherWays::judge(Session& session) {
  bool all_over = true;
  std::vector<TransportKind> silent;
  TransportKind found = TransportKind::automatic;
  for (const Trial& trial : trials_) {
    const auto figures = session.figures(trial.target);
    if (!figures) continue;
    all_over = all_over && over(*figures);
    if (session::answered(*figures)) {
      found = trial.way;
      break;
    }
    if (silent.empty() || silent.back() != trial.way) silent.push_back(trial.way);
  }
  if (found == TransportKind::automatic && !all_over) return found;
  std::erase(silent, found);  // another address may have been silent by it
  silent_ = std::move(silent);
  end(session);
  return found;
}

void OtherWays::end(Session& session) {
  for (const Trial& trial : trials_) {
    [[maybe_unused]] const auto figures = session.remove(trial.target);
  }
  trials_.clear();
}

std::string listed(std::span<const TransportKind> ways) {
  std::string text;
  for (const TransportKind& way : ways) {
    if (&way != ways.data()) text += &way == &ways.back() ? " or " : ", ";
    text += to_string(way);
  }
  return text;
}

}  // namespace sonde::function
