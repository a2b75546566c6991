// udp_limit.hpp: tells a host's own limits on port unreachables from loss.
//
// A Linux host sends one asker six ICMP errors at once, then one a second (net.ipv4.icmp_ratelimit and net.ipv6.icmp.ratelimit,
// kernel document networking/ip-sysctl.rst; the burst is XRLIM_BURST_FACTOR in net/ipv4/route.c), and fifty at once, then
// 1,000 a second, in all (net.ipv4.icmp_msgs_per_sec and icmp_msgs_burst). Whoever asks faster by UDP gets just so many
// answers, which says nothing about the network.
#pragma once

#include <cstdint>

#include "sonde/figures.hpp"
#include "sonde/time.hpp"

namespace sonde::cli {

// Whether a target asked by UDP was asked for more answers than that within `elapsed`, and gave about as many.
constexpr bool looks_limited(const Figures& figures, Nanoseconds elapsed) {
  constexpr std::uint64_t burst = 6;
  const auto seconds = static_cast<std::uint64_t>(elapsed / std::chrono::seconds(1));
  const std::uint64_t most = burst + seconds + 1;
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
    constexpr double burst = 50, a_second = 1000;
    return burst + a_second * std::chrono::duration<double>(time).count();
  }

  Nanoseconds elapsed_, waited_;
  std::uint64_t targets_ = 0, limited_ = 0, untouched_ = 0;
  std::uint64_t asked_ = 0, answered_ = 0, lost_ = 0;
};

}  // namespace sonde::cli
