// send_log.cpp: see send_log.hpp.
#include "sweep/send_log.hpp"

#include <algorithm>
#include <limits>

namespace sonde::sweep {

void SendLog::add(std::uint64_t first_ordinal, std::uint32_t count, MonotonicTime began, MonotonicTime first,
                  MonotonicTime last) {
  const auto bounded = [](std::int64_t ns) {
    constexpr std::int64_t longest = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(ns, 0, longest));
  };
  const std::int64_t step = count > 1 ? (last - first).count() / (count - 1) : 0;
  records_.push_back({.first_ordinal = first_ordinal,
                      .first = first,
                      .count = count,
                      .step_ns = bounded(step),
                      .lead_ns = bounded((first - began).count())});
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

void SendLog::correct(std::uint64_t ordinal, UnixTime stamp) {
  const std::size_t place = place_of(ordinal);
  if (place == records_.size()) return;
  Record& record = records_[place];
  record.stamped = static_cast<std::uint32_t>(ordinal - record.first_ordinal);
  record.stamp = stamp;
}

std::optional<SendLog::Sending> SendLog::find(std::uint64_t ordinal) const {
  const std::size_t place = place_of(ordinal);
  if (place == records_.size()) return std::nullopt;
  const Record& record = records_[place];
  const auto step = static_cast<std::int64_t>(ordinal - record.first_ordinal);
  Sending sending{.at = record.first + Nanoseconds(step * record.step_ns),
                  .earliest = record.first - Nanoseconds(record.lead_ns)};
  if (record.stamp == UnixTime{}) return sending;
  const std::int64_t behind = step - record.stamped;
  sending.left = record.stamp + Nanoseconds(behind * record.step_ns);
  if (behind >= 0) sending.not_before = record.stamp;
  sending.is_stamped = behind == 0;
  return sending;
}

void SendLog::forget_before(MonotonicTime time) {
  while (!records_.empty() && records_.front().first < time) {
    records_.pop_front();
    if (last_place_ > 0) --last_place_;
  }
}

}  // namespace sonde::sweep
