// tally.hpp: what ping counts of its one target, by its own rules: duplicates take part in the times, a late answer is an
// answer, and times are whole microseconds.
//
// Sequence numbers are the target's, counted from 0. Plain state; one thread.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "sonde/time.hpp"

namespace sonde::compat::ping {

using Microseconds = std::chrono::microseconds;

class Tally {
 public:
  // `timed`: probes are large enough for ping to time them (16 bytes).
  explicit Tally(bool timed) : timed_(timed) {}

  // So many were sent in all, the last of them `since_start` after the start.
  void sent(std::uint64_t probes, Nanoseconds since_start);
  // What was heard about a probe, before it is counted: how many were under way.
  void acknowledge(std::uint64_t sequence);
  void reply(std::uint64_t sequence);
  void duplicate() { ++duplicates_; }
  void corrupted() { ++corrupted_; }
  void error() { ++errors_; }
  // The round-trip time of an answer, duplicates included.
  void time(Microseconds round_trip);

  bool timed() const { return timed_; }
  std::uint64_t sent() const { return sent_; }
  std::uint64_t received() const { return received_; }
  std::uint64_t duplicates() const { return duplicates_; }
  std::uint64_t corrupted_count() const { return corrupted_; }
  std::uint64_t errors() const { return errors_; }
  // Of the last probe, as far as anything was heard since.
  std::uint64_t in_flight() const { return sent_ - acknowledged_; }
  // The probe that was sent last has its answer.
  bool last_is_answered() const { return received_ != 0 && last_answered_ + 1 >= sent_; }
  // The most that were under way at once.
  std::uint64_t pipe() const { return pipe_; }
  Nanoseconds elapsed() const { return elapsed_; }

  double loss_percent() const;
  // Of what was timed; zero where nothing was.
  Microseconds least() const { return timings_ == 0 ? Microseconds{} : least_; }
  Microseconds most() const { return most_; }
  Microseconds mean() const;
  Microseconds deviation() const;  // population standard deviation
  Microseconds moving_average() const { return eight_averages_ / 8; }
  // From one probe to the next, on average; only with more than one.
  Microseconds gap() const;

 private:
  bool timed_;
  std::uint64_t sent_ = 0, received_ = 0, duplicates_ = 0, corrupted_ = 0, errors_ = 0;
  std::uint64_t acknowledged_ = 0, pipe_ = 0, last_answered_ = 0;
  Nanoseconds elapsed_{};
  std::uint64_t timings_ = 0;
  std::int64_t sum_us_ = 0;
  double square_sum_us_ = 0;
  Microseconds least_ = Microseconds::max(), most_{};
  Microseconds eight_averages_{};  // gain 1/8, kept eightfold so that nothing is rounded away
};

// The end of a run for people: from the blank line to the last one. `with_pace`: flooding or adaptive.
std::string summary_text(const Tally& tally, const std::string& host, bool with_pace);
// What SIGQUIT has said.
std::string status_text(const Tally& tally);

}  // namespace sonde::compat::ping
