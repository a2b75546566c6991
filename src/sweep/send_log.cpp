// send_log.cpp: see send_log.hpp.
#include "sweep/send_log.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace sonde::sweep {

void SendLog::add(std::uint64_t first_ordinal, std::uint32_t count, MonotonicTime first, MonotonicTime last) {
  const std::int64_t step = count > 1 ? (last - first).count() / (count - 1) : 0;
  constexpr std::int64_t longest = std::numeric_limits<std::uint32_t>::max();
  records_.push_back(
      {first_ordinal, first, count, static_cast<std::uint32_t>(std::clamp<std::int64_t>(step, 0, longest))});
}

bool SendLog::holds(std::size_t place, std::uint64_t ordinal) const {
  return place < records_.size() && ordinal >= records_[place].first_ordinal &&
         ordinal - records_[place].first_ordinal < records_[place].count;
}

std::size_t SendLog::place_of(std::uint64_t ordinal) const {
  if (holds(last_place_, ordinal)) return last_place_;
  if (holds(last_place_ + 1, ordinal)) return ++last_place_;
  const auto behind = std::ranges::upper_bound(records_, ordinal, {}, &Record::first_ordinal);
  if (behind == records_.begin()) return records_.size();
  const auto place = static_cast<std::size_t>(behind - records_.begin()) - 1;
  if (!holds(place, ordinal)) return records_.size();
  return last_place_ = place;
}

void SendLog::correct(std::uint64_t ordinal, Nanoseconds delay) {
  const std::size_t place = place_of(ordinal);
  constexpr std::int64_t longest = std::numeric_limits<std::int32_t>::max();
  if (place < records_.size() && std::abs(delay.count()) < longest)
    records_[place].delay_ns = static_cast<std::int32_t>(delay.count());
}

std::optional<SendLog::Sending> SendLog::find(std::uint64_t ordinal) const {
  const std::size_t place = place_of(ordinal);
  if (place == records_.size()) return std::nullopt;
  const Record& record = records_[place];
  const std::uint64_t step = ordinal - record.first_ordinal;
  Sending sending{.at = record.first + Nanoseconds(static_cast<std::int64_t>(step * record.step_ns)),
                  .delay = {}};
  if (record.delay_ns != no_delay) sending.delay = Nanoseconds(record.delay_ns);
  return sending;
}

void SendLog::forget_before(MonotonicTime time) {
  while (!records_.empty() && records_.front().first < time) {
    records_.pop_front();
    if (last_place_ > 0) --last_place_;
  }
}

}  // namespace sonde::sweep
