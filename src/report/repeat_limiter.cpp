// repeat_limiter.cpp: see repeat_limiter.hpp.
#include "report/repeat_limiter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace sonde::report {
namespace {

constexpr Nanoseconds interval = std::chrono::seconds(1);
// A line that comes each second comes a little early at times. On average it is once a second nevertheless.
constexpr Nanoseconds early = std::chrono::milliseconds(100);
// As many targets as anybody is told of one by one. Further lines are one line among themselves.
constexpr std::size_t most_lines = std::size_t{1} << 17;

std::string more_like_it(std::uint64_t left_out) {
  return left_out == 0 ? std::string() : fmt::format(" ({} more like it)", left_out);
}

}  // namespace

void RepeatLimiter::forget_old(MonotonicTime now) {
  next_look_ = now + interval;
  std::erase_if(lines_,
                [now](const auto& entry) { return entry.second.left_out == 0 && entry.second.next <= now; });
}

std::optional<std::string> RepeatLimiter::pass(std::string_view text) {
  const MonotonicTime now = clock_->monotonic();
  auto found = lines_.find(std::string(text));
  if (found == lines_.end()) {
    if (lines_.size() >= most_lines && now >= next_look_) forget_old(now);
    found = lines_.try_emplace(lines_.size() < most_lines ? std::string(text) : "further lines").first;
  }
  Line& line = found->second;
  if (line.next != MonotonicTime{} && now < line.next - early) {
    ++line.left_out;
    return std::nullopt;
  }
  line.next = std::max(line.next, now) + interval;
  return more_like_it(std::exchange(line.left_out, 0));
}

std::vector<std::string> RepeatLimiter::rest() {
  std::vector<std::string> told;
  for (auto& [text, line] : lines_) {
    if (line.left_out > 0) told.push_back(text + more_like_it(std::exchange(line.left_out, 0)));
  }
  std::ranges::sort(told);
  return told;
}

}  // namespace sonde::report
