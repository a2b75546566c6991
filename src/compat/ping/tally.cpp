// tally.cpp: see tally.hpp.
#include "compat/ping/tally.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "compat/ping/lines.hpp"

namespace sonde::compat::ping {

void Tally::sent(std::uint64_t probes, Nanoseconds since_start) {
  sent_ = probes;
  elapsed_ = since_start;
}

void Tally::reply(std::uint64_t sequence) {
  ++received_;
  last_answered_ = std::max(last_answered_, sequence);
}

void Tally::acknowledge(std::uint64_t sequence) {
  if (sequence >= sent_) return;
  pipe_ = std::max(pipe_, sent_ - sequence);
  acknowledged_ = std::max(acknowledged_, sequence + 1);
}

void Tally::time(Microseconds round_trip) {
  ++timings_;
  sum_us_ += round_trip.count();
  square_sum_us_ += static_cast<double>(round_trip.count()) * static_cast<double>(round_trip.count());
  least_ = std::min(least_, round_trip);
  most_ = std::max(most_, round_trip);
  eight_averages_ =
      eight_averages_ == Microseconds{} ? round_trip * 8 : eight_averages_ + round_trip - eight_averages_ / 8;
}

double Tally::loss_percent() const {
  if (sent_ == 0) return 0;
  return static_cast<double>(sent_ - std::min(sent_, received_)) * 100.0 / static_cast<double>(sent_);
}

Microseconds Tally::mean() const {
  return timings_ == 0 ? Microseconds{} : Microseconds(sum_us_ / static_cast<std::int64_t>(timings_));
}

Microseconds Tally::deviation() const {
  if (timings_ == 0) return {};
  const auto count = static_cast<double>(timings_);
  const double mean = static_cast<double>(sum_us_) / count;
  return Microseconds(
      std::llround(std::floor(std::sqrt(std::max(0.0, square_sum_us_ / count - mean * mean)))));
}

Microseconds Tally::gap() const {
  if (sent_ < 2) return {};
  return std::chrono::floor<Microseconds>(elapsed_ / static_cast<std::int64_t>(sent_ - 1));
}

std::string summary_text(const Tally& tally, const std::string& host, bool with_pace) {
  std::string text = fmt::format("\n--- {} ping statistics ---\n{} packets transmitted, {} received", host,
                                 tally.sent(), tally.received());
  if (tally.duplicates() != 0) text += fmt::format(", +{} duplicates", tally.duplicates());
  if (tally.corrupted_count() != 0) text += fmt::format(", +{} corrupted", tally.corrupted_count());
  if (tally.errors() != 0) text += fmt::format(", +{} errors", tally.errors());
  if (tally.sent() != 0) {
    const auto elapsed = std::chrono::round<std::chrono::milliseconds>(tally.elapsed());
    text += fmt::format(", {:.6g}% packet loss, time {}ms", static_cast<float>(tally.loss_percent()),
                        elapsed.count());
  }
  text += '\n';
  std::string_view comma;
  if (tally.received() != 0 && tally.timed()) {
    text += fmt::format("rtt min/avg/max/mdev = {}/{}/{}/{} ms", milliseconds_text(tally.least()),
                        milliseconds_text(tally.mean()), milliseconds_text(tally.most()),
                        milliseconds_text(tally.deviation()));
    comma = ", ";
  }
  if (tally.pipe() > 1) {
    text += fmt::format("{}pipe {}", comma, tally.pipe());
    comma = ", ";
  }
  if (tally.received() != 0 && with_pace && tally.sent() > 1) {
    text += fmt::format("{}ipg/ewma {}/{} ms", comma, milliseconds_text(tally.gap()),
                        milliseconds_text(tally.moving_average()));
  }
  return text + '\n';
}

std::string status_text(const Tally& tally) {
  std::string text = fmt::format("\r{}/{} packets, {}% loss", tally.received(), tally.sent(),
                                 static_cast<int>(tally.loss_percent()));
  if (tally.received() != 0 && tally.timed()) {
    text += fmt::format(", min/avg/ewma/max = {}/{}/{}/{} ms", milliseconds_text(tally.least()),
                        milliseconds_text(tally.mean()), milliseconds_text(tally.moving_average()),
                        milliseconds_text(tally.most()));
  }
  return text + '\n';
}

}  // namespace sonde::compat::ping
