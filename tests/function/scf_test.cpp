// scf_test.cpp: the whole program as Tencent SCF's custom runtime, against a test server that plays its runtime API.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "function/function_program.hpp"
#include "function/runtime_server.hpp"
#include "net/network_namespace.hpp"

namespace sonde::function::test {
namespace {

using Json = nlohmann::json;
using net::testing::in_network_namespace;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr auto limit = seconds(50);
const std::string quick_event = R"({"target":"127.0.0.1","count":2,"interval":0.001})";

lab::Process start(const RuntimeServer& server) {
  return lab::Process(function_program(server.environment()));
}

TEST(Scf, SaysOnceThatItIsReadyAndThenAnswersEvents) {
  in_network_namespace(
      [] {
        RuntimeServer server(RuntimeServer::Kind::scf);
        for (int i = 0; i < 20; ++i) server.hand_out({"id-" + std::to_string(i), quick_event});
        const auto program = start(server);
        const auto results = server.wait_for(20);
        ASSERT_EQ(results.size(), 20u);
        EXPECT_EQ(server.ready_calls(), 1);
        for (const Result& result : results) {
          EXPECT_FALSE(result.error) << result.body;
          EXPECT_EQ(Json::parse(result.body)["targets"][0]["addresses"][0]["summary"]["received"], 2);
        }
      },
      limit);
}

TEST(Scf, BadEventsGoToItsErrorsAndTheNextIsServed) {
  in_network_namespace(
      [] {
        RuntimeServer server(RuntimeServer::Kind::scf);
        server.hand_out({"bad", "{"});
        server.hand_out({"good", quick_event});
        const auto program = start(server);
        const auto results = server.wait_for(2);
        ASSERT_EQ(results.size(), 2u);
        EXPECT_TRUE(results[0].error);
        EXPECT_EQ(Json::parse(results[0].body)["errorType"], "InvalidEvent");
        EXPECT_FALSE(results[1].error);
      },
      limit);
}

TEST(Scf, AnApiThatGoesAwayEndsTheProgramWithAMessage) {
  in_network_namespace(
      [] {
        RuntimeServer server(RuntimeServer::Kind::scf);
        auto program = start(server);
        ASSERT_TRUE(server.wait_until_idle());
        server.go_away();
        const auto finished = program.wait();
        EXPECT_FALSE(finished.timed_out);
        EXPECT_EQ(finished.status, 3);
        EXPECT_THAT(finished.errors, HasSubstr("runtime API"));
      },
      limit);
}

TEST(Scf, AThousandInvocationsLeaveNothingBehind) {
  in_network_namespace(
      [] {
        RuntimeServer server(RuntimeServer::Kind::scf);
        const auto program = start(server);
        for (int i = 0; i < 200; ++i) server.hand_out({"id", R"({"target":"127.0.0.1","count":1})"});
        ASSERT_EQ(server.wait_for(200).size(), 200u);
        ASSERT_TRUE(server.wait_until_idle());
        const std::size_t descriptors = descriptors_of(program.id());
        const std::size_t pages = memory_of(program.id());
        for (int i = 0; i < 1000; ++i) server.hand_out({"id", R"({"target":"127.0.0.1","count":1})"});
        ASSERT_EQ(server.wait_for(1200).size(), 1200u);
        ASSERT_TRUE(server.wait_until_idle());
        EXPECT_EQ(descriptors_of(program.id()), descriptors);
        EXPECT_LE(memory_of(program.id()), pages + 32) << "pages; 128 KiB for a thousand";
      },
      limit);
}

}  // namespace
}  // namespace sonde::function::test
