// repeat_limiter.hpp: the same line once a second at most, so that what fails again and again fills no log and no disk.
//
// What a stranger's packets cause is limited by line_limiter.hpp, whatever the lines say; here each line has a second of
// its own, and says how many like it were left out when it comes the next time, or at the end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sonde/time.hpp"

namespace sonde::report {

class RepeatLimiter {
 public:
  explicit RepeatLimiter(const Clock& clock = Clock::system()) : clock_(&clock) {}

  // Nullopt: leave `line` out. Otherwise what to write behind it: nothing, or " (3 more like it)".
  std::optional<std::string> pass(std::string_view line);
  // Whole lines for those that were left out and not told yet; they count as told then.
  std::vector<std::string> rest();

 private:
  struct Line {
    MonotonicTime next{};  // may be written
    std::uint64_t left_out = 0;
  };
  void forget_old(MonotonicTime now);

  const Clock* clock_;
  std::unordered_map<std::string, Line> lines_;
  MonotonicTime next_look_{};  // for those that may be forgotten, when there are too many
};

}  // namespace sonde::report
