// checkpoint_test.cpp: a checkpoint comes back as it was, or is refused; never as something else.
#include "sweep/checkpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace sonde::sweep {
namespace {

using testing::HasSubstr;

Checkpoint sample(std::size_t words, double density, std::uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  Checkpoint checkpoint;
  checkpoint.space_digest = random();
  checkpoint.options_digest = random();
  checkpoint.seed = random();
  for (std::byte& byte : checkpoint.key) byte = static_cast<std::byte>(random());
  checkpoint.shards = 7;
  checkpoint.shard = 3;
  checkpoint.threads = {{0, 123'456}, {1, std::uint64_t{1} << 62}, {}};
  checkpoint.counts.sent = 1'000'000'007;
  checkpoint.counts.answering = 12'345;
  checkpoint.counts.clock_steps = 1;
  checkpoint.rows = 4'711;
  checkpoint.counts.rtt_bounds = 2;
  checkpoint.answered.resize(words);
  std::bernoulli_distribution answers(density);
  if (density > 0) {
    for (std::uint64_t& word : checkpoint.answered) {
      for (int bit = 0; bit < 64; ++bit) word |= std::uint64_t{answers(random)} << bit;
    }
  }
  return checkpoint;
}

// The answers of `checkpoint`, as a first step.
CheckpointStep all_of(const Checkpoint& checkpoint) {
  CheckpointStep step{.threads = checkpoint.threads,
                      .counts = checkpoint.counts,
                      .rows = checkpoint.rows,
                      .newly_answered = {}};
  for (std::size_t i = 0; i < checkpoint.answered.size() * 64; ++i)
    if ((checkpoint.answered[i / 64] >> (i % 64) & 1) != 0) step.newly_answered.push_back(i);
  return step;
}

std::string with_steps(const Checkpoint& checkpoint, const std::vector<CheckpointStep>& steps) {
  CheckpointEncoder encoder;
  std::string bytes = encoder.head(checkpoint, checkpoint.answered.size());
  bytes += encoder.step(all_of(checkpoint));
  for (const CheckpointStep& step : steps) bytes += encoder.step(step);
  return bytes;
}

Result<Checkpoint> decoded(std::string_view bytes, const std::string& name = "sweep.checkpoint",
                           std::uint64_t most_words = 1 << 24) {
  auto result = decode_checkpoint(bytes, name, most_words);
  if (!result) return std::unexpected(result.error());
  return std::move(result->checkpoint);
}

CheckpointStep step_to(std::uint64_t position, std::vector<std::uint64_t> newly_answered) {
  CheckpointStep step{.threads = {{2, position}},
                      .counts = {},
                      .rows = position,
                      .newly_answered = std::move(newly_answered)};
  step.counts.sent = position;
  return step;
}

// `checkpoint` as it is after a step.
Checkpoint after(Checkpoint checkpoint, const CheckpointStep& step) {
  checkpoint.threads = step.threads;
  checkpoint.counts = step.counts;
  checkpoint.rows = step.rows;
  for (const std::uint64_t index : step.newly_answered)
    checkpoint.answered[index / 64] |= std::uint64_t{1} << (index % 64);
  return checkpoint;
}

std::string refusal(std::string_view bytes) {
  const auto result = decoded(bytes);
  return result ? "taken" : result.error().message();
}

TEST(SweepCheckpoint, ComesBackAsItWas) {
  for (const std::size_t words : {0u, 1u, 1023u, 1024u, 1025u, 20'000u}) {
    for (const double density : {0.0, 0.001, 0.05, 0.0624, 0.5, 1.0}) {
      const Checkpoint checkpoint = sample(words, density);
      const auto back = decoded(encode_checkpoint(checkpoint));
      ASSERT_TRUE(back) << back.error().message();
      ASSERT_EQ(*back, checkpoint) << words << " words, " << density;
    }
  }
}

TEST(SweepCheckpoint, EveryCountIsKept) {
  Checkpoint checkpoint = sample(0, 0);
  checkpoint.counts = {1, 2, 3, 4, 5, 6, 7, 8, 9, ~std::uint64_t{0}};
  EXPECT_EQ(decoded(encode_checkpoint(checkpoint))->counts, checkpoint.counts);
}

TEST(SweepCheckpoint, StepsAddToIt) {
  const Checkpoint checkpoint = sample(2000, 0.01);
  const CheckpointStep first = step_to(10, {5, 127'999, 64, 5}), second = step_to(20, {});
  const auto back = decoded(with_steps(checkpoint, {first, second}));
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(*back, after(after(checkpoint, first), second));
}

TEST(SweepCheckpoint, CutWithinTheHeadItIsRefused) {
  const Checkpoint checkpoint = sample(3000, 0.02);
  const std::string bytes = CheckpointEncoder().head(checkpoint, checkpoint.answered.size());
  for (std::size_t size = 1; size < bytes.size(); ++size)
    ASSERT_THAT(refusal(std::string_view(bytes).substr(0, size)), HasSubstr("cut short: sweep.checkpoint"));
  EXPECT_THAT(refusal(""), HasSubstr("no checkpoint of a sweep"));
}

TEST(SweepCheckpoint, CutWithinAStepItIsAsBeforeThatStep) {
  const Checkpoint start = sample(100, 0.1);
  const std::vector<CheckpointStep> steps{step_to(1, {7, 9}), step_to(2, {6'000}), step_to(3, {})};
  std::vector<Checkpoint> expected{start};
  std::vector<std::size_t> ends{with_steps(start, {}).size()};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    expected.push_back(after(expected.back(), steps[i]));
    ends.push_back(
        with_steps(start, {steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(i) + 1}).size());
  }
  const std::string bytes = with_steps(start, steps);
  for (std::size_t size = ends.front(); size <= bytes.size(); ++size) {
    std::size_t whole_steps = 0;
    while (whole_steps < steps.size() && ends[whole_steps + 1] <= size) ++whole_steps;
    const auto cut = decode_checkpoint(std::string_view(bytes).substr(0, size), "");
    ASSERT_TRUE(cut) << size << cut.error().message();
    ASSERT_EQ(cut->checkpoint, expected[whole_steps]) << size;
    ASSERT_EQ(cut->bytes, ends[whole_steps]) << "where the next step goes";
  }
}

TEST(SweepCheckpoint, NoByteChangesUnseen) {
  std::string bytes = with_steps(sample(1500, 0.01), {step_to(1, {7, 9}), step_to(2, {6'000})});
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const int mask : {1, 0x80, 0xff}) {
      bytes[at] = static_cast<char>(bytes[at] ^ mask);
      ASSERT_FALSE(decode_checkpoint(bytes, "")) << "byte " << at << " ^ " << mask;
      bytes[at] = static_cast<char>(bytes[at] ^ mask);
    }
  }
  EXPECT_TRUE(decode_checkpoint(bytes, ""));
}

TEST(SweepCheckpoint, NoStepChangesItsPlaceUnseen) {
  const Checkpoint start = sample(10, 0.1);
  const std::string none = with_steps(start, {}), one = with_steps(start, {step_to(1, {1})}),
                    two = with_steps(start, {step_to(1, {1}), step_to(2, {2})});
  const std::string first = one.substr(none.size()), second = two.substr(one.size());
  EXPECT_FALSE(decode_checkpoint(none + second, ""));
  EXPECT_FALSE(decode_checkpoint(none + first + first, ""));
  EXPECT_FALSE(decode_checkpoint(none + first + second + first, ""));
  EXPECT_TRUE(decode_checkpoint(none + first + second, ""));
}

TEST(SweepCheckpoint, ZerosBehindItNeverReachedTheDisk) {
  const Checkpoint start = sample(10, 0.1);
  const std::string none = with_steps(start, {}), one = with_steps(start, {step_to(1, {1})});
  EXPECT_EQ(decoded(none + std::string(300'000, '\0')).value(), start);
  std::string torn = one;
  std::fill(torn.end() - 20, torn.end(), '\0');
  EXPECT_EQ(decoded(torn).value(), start);
  EXPECT_FALSE(decode_checkpoint(none + std::string(3000, '\0') + "x", ""));
}

TEST(SweepCheckpoint, WhatItIsNotIsSaid) {
  EXPECT_THAT(refusal("address,rtt_ms\n192.0.2.1,3\n"),
              HasSubstr("this is no checkpoint of a sweep: sweep.checkpoint"));
  std::string bytes = encode_checkpoint(sample(1, 0));
  bytes[12] = 9;
  EXPECT_THAT(refusal(bytes), HasSubstr("version 9, and this program knows version 2: sweep.checkpoint"));
  bytes[12] = 2;
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  EXPECT_THAT(refusal(bytes), HasSubstr("damaged: a checksum is wrong: sweep.checkpoint"));
}

TEST(SweepCheckpoint, AnswersOutsideOfTheSetAreRefused) {
  const std::string bytes = with_steps(sample(10, 0.1), {step_to(1, {640})});
  EXPECT_FALSE(decode_checkpoint(bytes, ""));
}

TEST(SweepCheckpoint, OfMoreAddressesItIsRefusedBeforeMemoryIsTaken) {
  const std::string bytes = encode_checkpoint(sample(11, 0.1));
  EXPECT_TRUE(decode_checkpoint(bytes, "", 11));
  const auto refused = decode_checkpoint(bytes, "sweep.checkpoint", 10);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("of more addresses: sweep.checkpoint"));
}

TEST(SweepCheckpoint, StepsGoOnBehindAFileThatWasRead) {
  const Checkpoint start = sample(10, 0.1);
  const std::string begun = with_steps(start, {step_to(1, {1})});
  const auto read = decode_checkpoint(begun, "");
  ASSERT_TRUE(read);
  CheckpointEncoder encoder(read->chain);
  const auto back = decoded(begun + encoder.step(step_to(2, {2})));
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(*back, after(after(start, step_to(1, {1})), step_to(2, {2})));
}

TEST(SweepCheckpoint, TakesRoomByTheAnswersNotByTheSpace) {
  const std::size_t empty = encode_checkpoint(sample(std::size_t{1} << 20, 0)).size();
  EXPECT_LT(empty, 300u);
  Checkpoint few = sample(std::size_t{1} << 20, 0);  // 2^26 addresses
  for (std::size_t i = 0; i < few.answered.size(); i += 1 << 10) few.answered[i] = 1;
  EXPECT_LT(encode_checkpoint(few).size(), 4'000u) << "three bytes for each of 1,024";
}

}  // namespace
}  // namespace sonde::sweep
