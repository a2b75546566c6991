// rate.cpp: see rate.hpp.
#include "sweep/rate.hpp"

#include <algorithm>

namespace sonde::sweep {

namespace {

constexpr double unlimited = 1e8;  // more than any kernel takes
constexpr double slowest = 1;      // however much is dropped
constexpr double catching_up = 2;
constexpr double largest_burst = 64;
constexpr double batch = 32;  // of one sendmmsg()
constexpr double drops_tolerated = 0.001;

double effective(double rate) {
  return rate > 0 ? std::min(rate, unlimited) : unlimited;
}

double in_seconds(Nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

RateControl::RateControl(double rate, MonotonicTime start)
    : asked_(effective(rate)),
      in_force_(std::min(asked_, first_rate)),
      updated_(start),
      doubled_(start),
      looked_(start) {}

double RateControl::burst() const {
  return std::clamp(in_force_ * 0.001, 1.0, largest_burst);
}

void RateControl::refill(MonotonicTime now) {
  if (now <= updated_) return;
  const double earned = in_seconds(now - updated_) * in_force_;
  updated_ = now;
  tokens_ = std::min(tokens_ + earned, std::max(burst(), in_seconds(debt) * in_force_));
  burst_tokens_ = std::min(burst_tokens_ + earned * catching_up, burst());
  if (starting_ && now - doubled_ >= doubling_time) {
    doubled_ = now;
    in_force_ = std::min(2 * in_force_, asked_);
    starting_ = in_force_ < asked_;
  }
}

std::size_t RateControl::allowance(MonotonicTime now, std::size_t wanted) {
  refill(now);
  const double allowed = std::min(tokens_, burst_tokens_);
  return allowed < 1 ? 0 : std::min(wanted, static_cast<std::size_t>(allowed));
}

void RateControl::spend(std::size_t probes) {
  tokens_ -= static_cast<double>(probes);
  burst_tokens_ -= static_cast<double>(probes);
}

MonotonicTime RateControl::next() const {
  const double wanted = std::min(batch, burst());
  const double wait =
      std::max((wanted - tokens_) / in_force_, (wanted - burst_tokens_) / (in_force_ * catching_up));
  return updated_ + Nanoseconds(static_cast<std::int64_t>(std::max(0.0, wait) * 1e9) + 1);
}

void RateControl::set_rate(double rate) {
  asked_ = effective(rate);
  in_force_ = starting_ ? std::min(in_force_, asked_) : asked_;
}

void RateControl::feedback(std::uint64_t sent, std::uint64_t dropped, MonotonicTime now) {
  if (now - looked_ < (starting_ ? doubling_time : feedback_time)) return;
  const auto sent_since = static_cast<double>(sent - sent_);
  const auto dropped_since = static_cast<double>(dropped - dropped_);
  if (dropped_since > drops_tolerated * sent_since) {
    // Half of what really left: the rate in force may be more than the kernel took.
    const double achieved = sent_since / in_seconds(now - looked_);
    in_force_ = std::max(slowest, std::min(in_force_, std::max(achieved, 1.0)) / 2);
    starting_ = false;
  } else if (!starting_) {
    in_force_ = std::min(asked_, in_force_ + asked_ / 10);
  }
  looked_ = now;
  sent_ = sent;
  dropped_ = dropped;
}

}  // namespace sonde::sweep
