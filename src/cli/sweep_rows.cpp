// sweep_rows.cpp: see sweep_rows.hpp.
#include "cli/sweep_rows.hpp"

#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <new>
#include <utility>

namespace sonde::cli {

namespace {

// Bytes of a pipe that nobody has read yet; 0 for what is no pipe.
std::uint64_t unread_bytes(int descriptor) {
  struct stat status{};
  int unread = 0;
  if (::fstat(descriptor, &status) != 0 || !S_ISFIFO(status.st_mode)) return 0;
  return ::ioctl(descriptor, FIONREAD, &unread) == 0 ? static_cast<std::uint64_t>(unread) : 0;
}

}  // namespace

SweepRows::SweepRows(const sweep::RecordWriter& writer, std::optional<sweep::Filter> filter,
                     report::Output& output)
    : writer_(&writer), filter_(std::move(filter)), output_(&output) {}

bool SweepRows::take(const sweep::Record& record) {
  const bool first_reply = record.is_reply && !record.duplicate;
  if (filter_ ? filter_->matches(record) : first_reply) {
    const std::size_t before = fresh_.size();
    try {
      writer_->append(fresh_, record);
    } catch (const std::bad_alloc&) {
      fresh_.resize(before);  // half a row is none
      throw;
    }
    ++rows_;
  }
  // Last: what is not a row yet is nobody's answer.
  if (first_reply) fresh_answered_.push_back(record.index);
  return fresh_.size() >= report::Output::full_bytes;
}

void SweepRows::write(sweep::Sweep& sweep, const sweep::State& state, MonotonicTime now) {
  if (state.received_until >= learned_.at) {
    moment_ = learned_.moment;
    learned_ = {state.received_until, now};
  }
  output_->flush(std::chrono::milliseconds(0));
  // While the reader is behind, rows gather here, and the workers are told to make no more.
  if (output_->pending() == 0) begin_batch(sweep, moment_);
  note_delivered();
}

bool SweepRows::write_all(sweep::Sweep& sweep, const sweep::State& state, int interrupt) {
  begin_batch(sweep, state.received_until);
  const bool written = output_->drain(interrupt);
  note_delivered();
  return written;
}

void SweepRows::begin_batch(sweep::Sweep& sweep, MonotonicTime moment) {
  Batch batch{.moment = moment};
  sweep.pause_findings([&] {
    batch.text.swap(fresh_);
    batch.answered.swap(fresh_answered_);
    batch.rows = rows_;
  });
  given_rows_ = batch.rows;
  batch.end = output_->taken() + output_->pending() + batch.text.size();
  output_->write(batch.text);
  output_->flush(std::chrono::milliseconds(0));
  batch.text = {};
  batches_.push_back(std::move(batch));
}

void SweepRows::note_delivered() {
  if (batches_.empty()) return;
  const std::uint64_t delivered = delivered_bytes();
  for (; !batches_.empty() && batches_.front().end <= delivered; batches_.pop_front()) {
    const Batch& batch = batches_.front();
    settled_.answered.insert(settled_.answered.end(), batch.answered.begin(), batch.answered.end());
    settled_.rows = batch.rows;
    settled_.until = std::max(settled_.until, batch.moment);
  }
}

std::uint64_t SweepRows::delivered_bytes() const {
  const std::uint64_t taken = output_->taken(), unread = unread_bytes(output_->descriptor());
  return taken - std::min(taken, unread);
}

SweepRows::Settled SweepRows::settled() {
  note_delivered();
  Settled now = settled_;
  now.answered = std::exchange(settled_.answered, {});
  return now;
}

}  // namespace sonde::cli
