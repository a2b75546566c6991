// metadata_test.cpp: the account of a sweep has zmap's keys, adds up, and is JSON whatever was given.
#include "sweep/metadata.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <nlohmann/json.hpp>

namespace sonde::sweep {
namespace {

SweepSummary sample() {
  SweepSummary summary;
  summary.version = "0.1.0";
  summary.targets = {"192.0.2.0/24"};
  summary.addresses = 256;
  summary.seed = ~std::uint64_t{0};
  summary.rate = 1000;
  summary.linger = std::chrono::milliseconds(2500);
  summary.counts = {.sent = 250,
                    .refused = 6,
                    .replies = 60,
                    .answering = 50,
                    .late = 3,
                    .duplicates = 10,
                    .errors = 4,
                    .forged = 5,
                    .receive_drops = 7,
                    .clock_steps = 1,
                    .rtt_bounds = 8};
  summary.asked = 200;
  summary.written = 49;
  summary.refusals = {{EPERM, 4}, {ENOBUFS, 2}};
  const UnixTime start{std::chrono::seconds(1'700'000'000)};
  summary.started = start;
  summary.first_sent = start;
  summary.last_sent = start + std::chrono::milliseconds(500);
  summary.ended = start + std::chrono::seconds(3);
  return summary;
}

nlohmann::json parsed(const SweepSummary& summary) {
  const auto text = metadata_json(summary);
  EXPECT_TRUE(text) << text.error().message();
  return nlohmann::json::parse(text.value_or(""), nullptr, false);
}

TEST(SweepMetadata, HasZmapsKeysWithTheirMeaning) {
  const nlohmann::json object = parsed(sample());
  EXPECT_EQ(object.at("packets_sent"), 250);
  EXPECT_EQ(object.at("send_to_failures"), 6);
  EXPECT_EQ(object.at("targets_scanned"), 200);
  EXPECT_EQ(object.at("validation_passed"), 64);
  EXPECT_EQ(object.at("validation_failed"), 5);
  EXPECT_EQ(object.at("success_total"), 60);
  EXPECT_EQ(object.at("success_unique"), 50);
  EXPECT_EQ(object.at("failure_total"), 4);
  EXPECT_EQ(object.at("output_results"), 49);
  EXPECT_EQ(object.at("hitrate"), 25.0);
  EXPECT_EQ(object.at("seed"), ~std::uint64_t{0});
  EXPECT_EQ(object.at("cooldown_secs"), 2.5);
  EXPECT_EQ(object.at("blocklist_total_allowed"), 256);
  EXPECT_EQ(object.at("cli_cidr_destinations"), nlohmann::json({"192.0.2.0/24"}));
  for (const char* key :
       {"shard_num", "total_shards", "rate", "senders", "seed_provided", "output_filter", "output_module",
        "max_targets", "max_runtime", "max_results", "min_hitrate", "dryrun", "packet_streams"})
    EXPECT_TRUE(object.contains(key)) << key;
}

TEST(SweepMetadata, SaysHowManyAnswersWereHandedOver) {
  SweepSummary summary = sample();
  summary.handovers = {.all = 30, .waited = 2};
  const nlohmann::json object = parsed(summary);
  EXPECT_EQ(object.at("handed_over"), 30);
  EXPECT_EQ(object.at("handed_over_waited"), 2);
}

TEST(SweepMetadata, AccountsForEveryLoss) {
  const nlohmann::json losses = parsed(sample()).at("loss_accounting");
  EXPECT_EQ(losses, nlohmann::json({{"sent", 250},
                                    {"refused", 6},
                                    {"refused_by_errno", {{"EPERM", 4}, {"ENOBUFS", 2}}},
                                    {"answering", 50},
                                    {"silent", 150},
                                    {"receive_drops", 7},
                                    {"late", 3},
                                    {"duplicates", 10},
                                    {"icmp_errors", 4},
                                    {"forged", 5},
                                    {"clock_steps", 1},
                                    {"rtt_bounds", 8}}));
}

TEST(SweepMetadata, TimesAreIso8601OrNull) {
  SweepSummary summary = sample();
  nlohmann::json object = parsed(summary);
  EXPECT_EQ(object.at("start_time"), "2023-11-14T22:13:20.000000Z");
  EXPECT_EQ(object.at("send_end_time"), "2023-11-14T22:13:20.500000Z");
  EXPECT_EQ(object.at("recv_end_time"), "2023-11-14T22:13:23.000000Z");
  EXPECT_EQ(object.at("rate_achieved"), 500.0);
  summary.first_sent = summary.last_sent = std::nullopt;
  object = parsed(summary);
  EXPECT_TRUE(object.at("send_start_time").is_null());
  EXPECT_FALSE(object.contains("rate_achieved"));
}

TEST(SweepMetadata, TheRateOfAResumedSweepIsNotMadeUp) {
  SweepSummary summary = sample();
  summary.resumptions = 1;
  EXPECT_FALSE(parsed(summary).contains("rate_achieved"));
}

TEST(SweepMetadata, ASweepThatAskedNobodyHasNoHits) {
  const nlohmann::json object = parsed(SweepSummary{});
  EXPECT_EQ(object.at("hitrate"), 0.0);
  EXPECT_EQ(object.at("loss_accounting").at("silent"), 0);
}

TEST(SweepMetadata, WhatTheUserAddsIsThereOrRefused) {
  SweepSummary summary = sample();
  summary.notes = "weekly";
  summary.user_metadata = R"({"ticket": [1, 2]})";
  const nlohmann::json object = parsed(summary);
  EXPECT_EQ(object.at("notes"), "weekly");
  EXPECT_EQ(object.at("user-metadata").at("ticket").size(), 2u);
  summary.user_metadata = "{ticket}";
  const auto refused = metadata_json(summary);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), testing::HasSubstr("not JSON: {ticket}"));
}

TEST(SweepMetadata, AnyBytesGiveJson) {
  SweepSummary summary = sample();
  summary.command_line = {"sonde", "sweep", "\xff\xfe\"\n"};
  EXPECT_EQ(parsed(summary).at("command_line").size(), 3u);
}

}  // namespace
}  // namespace sonde::sweep
