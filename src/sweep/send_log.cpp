// send_log.cpp: see send_log.hpp.
#include "sweep/send_log.hpp"

#include <algorithm>
#include <limits>

namespace sonde::sweep {

void SendLog::add(std::uint64_t first_ordinal, std::uint32_t count, MonotonicTime first, MonotonicTime last) {
  const std::int64_t step = count > 1 ? (last - first).count() / (count - 1) : 0;
  constexpr std::int64_t longest = std::numeric_limits<std::uint32_t>::max();
  records_.push_back(
      {first_ordinal, first, count, static_cast<std::uint32_t>(std::clamp<std::int64_t>(step, 0, longest))});
}

std::optional<MonotonicTime> SendLog::find(std::uint64_t ordinal) const {
  const auto behind = std::ranges::upper_bound(records_, ordinal, {}, &Record::first_ordinal);
  if (behind == records_.begin()) return std::nullopt;
  const Record& record = *std::prev(behind);
  const std::uint64_t place = ordinal - record.first_ordinal;
  if (place >= record.count) return std::nullopt;
  return record.first + Nanoseconds(static_cast<std::int64_t>(place * record.step_ns));
}

void SendLog::forget_before(MonotonicTime time) {
  while (!records_.empty() && records_.front().first < time) records_.pop_front();
}

}  // namespace sonde::sweep
