// udp_limit.hpp: tells a host's own limits on port unreachables from loss.
//
// The limits themselves are in net/unreachable_limits.hpp.
#pragma once

#include <cstdint>

#include "net/unreachable_limits.hpp"
#include "sonde/figures.hpp"
#include "sonde/time.hpp"

namespace sonde::cli {

// Whether a target asked by UDP was asked for more answers than that within `elapsed`, and gave about as many.
constexpr bool looks_limited(const Figures& figures, Nanoseconds elapsed) {
  constexpr std::uint64_t burst = net::unreachable_burst;
  const auto more = static_cast<std::uint64_t>(elapsed / net::unreachable_interval);
  const std::uint64_t most = burst + more + 1;
  const std::uint64_t answered = figures.received + figures.late;
  return figures.lost > 0 && figures.sent - figures.local > most && answered >= burst && answered <= most;
}

// Hears what came of each target that was asked by UDP, and tells whether limits show.
class UdpLimits {
 public:
  // Of `elapsed` up to `waited` was spent without asking, for the last answers.
  UdpLimits(Nanoseconds elapsed, Nanoseconds waited) : elapsed_(elapsed), waited_(waited) {}

  void hear(const Figures& figures) {
    ++targets_;
    if (looks_limited(figures, elapsed_)) ++limited_;
    // Where a host's limit bites, none of its addresses is answered every time.
    if (figures.lost == 0 && figures.received >= 3) ++untouched_;
    asked_ += figures.sent - figures.local;
    answered_ += figures.received + figures.late;
    lost_ += figures.lost;
  }

  // How many targets gave just as many answers as a host gives one asker.
  std::uint64_t limited() const { return limited_; }

  // Whether all together gave as many as one host gives one asker, or everybody. The kernel takes a random few off what it
  // lets through, so that nobody can count by it. Few that are silent are more likely down.
  bool limited_together() const {
    constexpr std::uint64_t many = 20;
    if (targets_ < many || untouched_ > 0) return false;
    Figures together;
    together.sent = asked_;
    together.received = answered_;
    together.lost = lost_;
    if (looks_limited(together, elapsed_)) return true;
    constexpr double least = 0.5, most = 1.2;
    const auto answered = static_cast<double>(answered_);
    const Nanoseconds asking = elapsed_ > waited_ ? elapsed_ - waited_ : Nanoseconds::zero();
    return static_cast<double>(asked_) > most * answered && answered >= least * allowed(asking) &&
           answered <= most * allowed(elapsed_);
  }

 private:
  static double allowed(Nanoseconds time) {
    return net::unreachable_burst_to_all +
           net::unreachable_rate_to_all * std::chrono::duration<double>(time).count();
  }

  Nanoseconds elapsed_, waited_;
  std::uint64_t targets_ = 0, limited_ = 0, untouched_ = 0;
  std::uint64_t asked_ = 0, answered_ = 0, lost_ = 0;
};

}  // namespace sonde::cli
