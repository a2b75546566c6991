// inflight_test.cpp: sequence numbers are used again only when nobody can be mistaken for their last probe.
#include "engine/inflight.hpp"

#include <gtest/gtest.h>

namespace sonde::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonotonicTime start{seconds(100)};
constexpr Nanoseconds timeout = seconds(1);

ProbeSlot& send(Inflight& inflight, MonotonicTime at, TargetIndex target = 0, std::uint64_t sequence = 0) {
  ProbeSlot& slot = inflight.take(target, 1, sequence);
  inflight.sent(slot, at, timeout);
  return slot;
}

// Brings the next number to `number` through probes that never left; takes the ring's memory at once.
void skip_to(Inflight& inflight, std::uint32_t number) {
  while (inflight.next_number() < Inflight::largest_capacity) inflight.take(0, 1, 0);
  inflight.untake(number);
}

TEST(Inflight, NumbersCountUpFromZero) {
  Inflight inflight(start);
  EXPECT_EQ(inflight.next_number(), 0u);
  EXPECT_EQ(send(inflight, start).number, 0u);
  EXPECT_EQ(send(inflight, start).number, 1u);
  EXPECT_EQ(inflight.waiting(), 2u);
}

TEST(Inflight, AnAnswerFindsItsProbeBySequenceAndAStampByNumber) {
  Inflight inflight(start);
  send(inflight, start, 7, 70);
  send(inflight, start, 8, 80);
  ASSERT_NE(inflight.by_sequence(1), nullptr);
  EXPECT_EQ(inflight.by_sequence(1)->target, 8u);
  EXPECT_EQ(inflight.by_number(0)->sequence, 70u);
  EXPECT_EQ(inflight.by_sequence(2), nullptr);
  EXPECT_EQ(inflight.by_number(65'536), nullptr) << "another lap of the ring";
}

TEST(Inflight, AProbeExpiresWhenItsOwnTimeoutHasPassed) {
  Inflight inflight(start);
  ProbeSlot& patient = inflight.take(1, 1, 0);
  inflight.sent(patient, start, seconds(5));
  send(inflight, start, 2);
  EXPECT_FALSE(inflight.has_expired(start + timeout - milliseconds(1)));
  EXPECT_TRUE(inflight.has_expired(start + timeout + milliseconds(1)));
  const ProbeSlot* expired = inflight.expire_one(start + timeout + milliseconds(1));
  ASSERT_NE(expired, nullptr);
  EXPECT_EQ(expired->target, 2u);
  EXPECT_EQ(expired->state, ProbeState::lost);
  EXPECT_EQ(inflight.expire_one(start + timeout + milliseconds(1)), nullptr);
  EXPECT_EQ(inflight.waiting(), 1u);
}

TEST(Inflight, ASettledProbeDoesNotExpire) {
  Inflight inflight(start);
  ProbeSlot& slot = send(inflight, start);
  inflight.settle(slot, ProbeState::answered);
  EXPECT_FALSE(inflight.has_expired(start + seconds(10)));
  EXPECT_EQ(inflight.by_sequence(0)->state, ProbeState::answered) << "a duplicate has to be known as one";
}

TEST(Inflight, ANumberWaitsForItsLastProbesVerdict) {
  Inflight inflight(start, 4);
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(inflight.ready(start));
    send(inflight, start);
  }
  EXPECT_FALSE(inflight.ready(start));
  EXPECT_EQ(inflight.ready_at(), start + timeout);
  inflight.settle(*inflight.by_sequence(0), ProbeState::answered);
  EXPECT_TRUE(inflight.ready(start)) << "answered: nothing can come any more that matters";
}

TEST(Inflight, ALostProbesNumberStaysInQuarantineForOneTimeoutMore) {
  Inflight inflight(start, 4);
  for (int i = 0; i < 4; ++i) send(inflight, start);
  const MonotonicTime expired = start + timeout + milliseconds(1);
  while (inflight.expire_one(expired) != nullptr) {
  }
  EXPECT_FALSE(inflight.ready(expired));
  EXPECT_EQ(inflight.ready_at(), start + 2 * timeout);
  EXPECT_FALSE(inflight.ready(start + 2 * timeout - Nanoseconds(1)));
  EXPECT_TRUE(inflight.ready(start + 2 * timeout));
}

TEST(Inflight, ALateAnswerFindsItsProbeUntilTheSequenceIsReused) {
  Inflight inflight(start, 4);
  for (TargetIndex target = 0; target < 4; ++target) send(inflight, start, target);
  const MonotonicTime later = start + 2 * timeout;
  while (inflight.expire_one(later) != nullptr) {
  }
  ASSERT_NE(inflight.by_sequence(0), nullptr);
  EXPECT_EQ(inflight.by_sequence(0)->state, ProbeState::lost);
  send(inflight, later, 9);
  EXPECT_EQ(inflight.by_sequence(0), nullptr) << "sequence 0 belongs to nobody now";
  ASSERT_NE(inflight.by_sequence(4), nullptr);
  EXPECT_EQ(inflight.by_sequence(4)->target, 9u);
  EXPECT_EQ(inflight.by_number(0), nullptr);
  EXPECT_EQ(inflight.by_sequence(1)->target, 1u) << "the others are still remembered";
}

TEST(Inflight, UntakenNumbersAreUsedAgain) {
  Inflight inflight(start);
  send(inflight, start, 1);
  const std::uint32_t first = inflight.next_number();
  inflight.take(2, 1, 0);
  inflight.take(3, 1, 0);
  inflight.untake(first);
  EXPECT_EQ(inflight.next_number(), first);
  EXPECT_EQ(inflight.by_sequence(static_cast<std::uint16_t>(first)), nullptr);
  EXPECT_TRUE(inflight.ready(start));
  EXPECT_EQ(send(inflight, start, 4).number, first);
  EXPECT_EQ(inflight.waiting(), 2u);
}

TEST(Inflight, AProbeThatNeverLeftIsNoMatchForAnAnswer) {
  Inflight inflight(start);
  inflight.take(0, 1, 0);
  EXPECT_EQ(inflight.by_sequence(0), nullptr);
  EXPECT_FALSE(inflight.has_expired(start + seconds(100)));
}

TEST(Inflight, SequencesWrapAfter65536Probes) {
  Inflight inflight(start);
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    ASSERT_TRUE(inflight.ready(start));
    ProbeSlot& slot = send(inflight, start, i);
    ASSERT_EQ(slot.number, i);
    ASSERT_EQ(inflight.by_sequence(static_cast<std::uint16_t>(i)), &slot);
    inflight.settle(slot, ProbeState::answered);
  }
  EXPECT_EQ(inflight.by_number(199'999)->target, 199'999u);
  EXPECT_EQ(inflight.by_number(199'999 - 65'536), nullptr);
  EXPECT_EQ(inflight.waiting(), 0u);
}

TEST(Inflight, NumbersWrapAt32Bits) {
  Inflight inflight(start);
  skip_to(inflight, 0xffff'fffe);
  ASSERT_EQ(inflight.next_number(), 0xffff'fffe);
  for (TargetIndex target = 0; target < 4; ++target) send(inflight, start, target);
  EXPECT_EQ(inflight.next_number(), 2u);
  EXPECT_EQ(inflight.by_sequence(0xffff)->target, 1u);
  EXPECT_EQ(inflight.by_sequence(0)->target, 2u);
  EXPECT_EQ(inflight.by_number(0xffff'fffe)->target, 0u);
  EXPECT_EQ(inflight.by_number(1)->target, 3u);
}

}  // namespace
}  // namespace sonde::engine
