// lambda_test.cpp: the whole program as Lambda's custom runtime, against a test server that plays its runtime API.
#include <gmock/gmock.h>
#include <sys/eventfd.h>

#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <thread>

#include "function/function_program.hpp"
#include "function/runtime_api.hpp"
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

TEST(Lambda, EventsAreAnsweredOneAfterTheOther) {
  in_network_namespace(
      [] {
        RuntimeServer server(RuntimeServer::Kind::lambda);
        for (int i = 0; i < 20; ++i) server.hand_out({"id-" + std::to_string(i), quick_event});
        const auto program = start(server);
        const auto results = server.wait_for(20);
        ASSERT_EQ(results.size(), 20u);
        for (std::size_t i = 0; i < 20; ++i) {
          EXPECT_EQ(results[i].id, "id-" + std::to_string(i));
          EXPECT_FALSE(results[i].error) << results[i].body;
          const Json answer = Json::parse(results[i].body);
          EXPECT_EQ(answer["complete"], true);
          EXPECT_EQ(answer["targets"][0]["addresses"][0]["summary"]["received"], 2);
          EXPECT_EQ(answer["targets"][0]["addresses"][0]["transport"], "icmp");
        }
      },
      limit);
}

TEST(Lambda, BadEventsGetTheErrorObjectAndTheNextIsServed) {
  in_network_namespace(
      [] {
        RuntimeServer server(RuntimeServer::Kind::lambda);
        const std::vector<std::string> bad = {"",
                                              "{",
                                              "null",
                                              R"({"target":"a b"})",
                                              R"({"target":"127.0.0.1","count":0})",
                                              "\xff",
                                              "{}",
                                              std::string(100'000, 'x')};
        for (const std::string& event : bad) server.hand_out({"bad", event});
        server.hand_out({"good", quick_event});
        const auto program = start(server);
        const auto results = server.wait_for(bad.size() + 1);
        ASSERT_EQ(results.size(), bad.size() + 1);
        for (std::size_t i = 0; i < bad.size(); ++i) {
          EXPECT_TRUE(results[i].error) << bad[i];
          EXPECT_EQ(results[i].error_type, "Function.InvalidEvent");
          const Json error = Json::parse(results[i].body);
          EXPECT_EQ(error["errorType"], "InvalidEvent");
          EXPECT_FALSE(error["errorMessage"].get<std::string>().empty());
          EXPECT_TRUE(error["stackTrace"].is_array());
        }
        EXPECT_FALSE(results.back().error) << results.back().body;
      },
      limit);
}

TEST(Lambda, AGatewayGetsAnHttpResponseGoodOrBad) {
  in_network_namespace(
      [] {
        RuntimeServer server(RuntimeServer::Kind::lambda);
        server.hand_out(
            {"good", R"({"requestContext":{},"queryStringParameters":{"target":"127.0.0.1","count":"1"}})"});
        server.hand_out({"bad", R"({"requestContext":{},"queryStringParameters":{"count":"1"}})"});
        const auto program = start(server);
        const auto results = server.wait_for(2);
        ASSERT_EQ(results.size(), 2u);
        EXPECT_FALSE(results[0].error);
        const Json good = Json::parse(results[0].body);
        EXPECT_EQ(good["statusCode"], 200);
        EXPECT_EQ(Json::parse(good["body"].get<std::string>())["complete"], true);
        EXPECT_FALSE(results[1].error) << "the client shall see what is wrong";
        const Json bad = Json::parse(results[1].body);
        EXPECT_EQ(bad["statusCode"], 400);
        EXPECT_THAT(bad["body"].get<std::string>(), HasSubstr("no target"));
      },
      limit);
}

TEST(Lambda, SpecialAddressesAreRefusedUnlessAllowed) {
  in_network_namespace(
      [] {
        RuntimeServer server(RuntimeServer::Kind::lambda);
        server.hand_out({"one", R"({"target":["169.254.169.254","::1","127.0.0.1"],"count":1})"});
        const auto program = start(server);
        const auto results = server.wait_for(1);
        ASSERT_EQ(results.size(), 1u);
        const Json targets = Json::parse(results[0].body)["targets"];
        EXPECT_EQ(targets[0]["error"]["code"], "permission_denied");
        EXPECT_EQ(targets[1]["error"]["code"], "permission_denied");
        EXPECT_EQ(targets[2]["addresses"][0]["summary"]["received"], 1);
      },
      limit);
}

TEST(Lambda, WhatTheApiRefusesDoesNotEndTheProgram) {
  in_network_namespace(
      [] {
        RuntimeServer server(RuntimeServer::Kind::lambda);
        server.refuse_posts(413);
        server.hand_out({"one", quick_event});
        auto program = start(server);
        ASSERT_TRUE(program.wait_for_errors("refused with status 413"));
        server.refuse_posts(0);
        server.hand_out({"two", quick_event});
        EXPECT_EQ(server.wait_for(2).back().id, "two");
      },
      limit);
}

TEST(Lambda, AnApiThatFailsEndsTheProgramWithAMessage) {
  in_network_namespace(
      [] {
        RuntimeServer server(RuntimeServer::Kind::lambda);
        server.refuse_posts(500);
        server.hand_out({"one", quick_event});
        const auto finished = start(server).wait();
        EXPECT_EQ(finished.status, 3);
        EXPECT_THAT(finished.errors, HasSubstr("the runtime API failed with status 500"));
      },
      limit);
}

TEST(Lambda, AnApiThatGoesAwayEndsTheProgramWithAMessage) {
  in_network_namespace(
      [] {
        RuntimeServer server(RuntimeServer::Kind::lambda);
        server.hand_out({"one", quick_event});
        auto program = start(server);
        ASSERT_EQ(server.wait_for(1).size(), 1u);
        ASSERT_TRUE(server.wait_until_idle());
        server.go_away();
        const auto finished = program.wait();
        EXPECT_FALSE(finished.timed_out);
        EXPECT_EQ(finished.status, 3);
        EXPECT_THAT(finished.errors, HasSubstr("runtime API"));
        EXPECT_THAT(finished.errors, HasSubstr(server.address()));
      },
      limit);
}

TEST(Lambda, AnApiThatWasNeverThereEndsTheProgramWithAMessage) {
  in_network_namespace(
      [] {
        const auto finished = lab::Process(function_program({"AWS_LAMBDA_RUNTIME_API=127.0.0.1:1"})).wait();
        EXPECT_EQ(finished.status, 3);
        EXPECT_THAT(finished.errors, HasSubstr("ECONNREFUSED"));
      },
      limit);
}

TEST(Lambda, WrongSettingsAreAnInitError) {
  in_network_namespace(
      [] {
        RuntimeServer server(RuntimeServer::Kind::lambda);
        auto command = function_program(server.environment());
        command.environment.back() = "SONDE_ALLOW=nonsense";
        const auto finished = lab::Process(std::move(command)).wait();
        EXPECT_EQ(finished.status, 2);
        EXPECT_THAT(finished.errors, HasSubstr("SONDE_ALLOW"));
        const Json error = Json::parse(server.init_error());
        EXPECT_THAT(error["errorMessage"].get<std::string>(), HasSubstr("SONDE_ALLOW"));
      },
      limit);
}

TEST(Lambda, TheTraceIsInTheEnvironmentUntilTheNextInvocation) {
  in_network_namespace(
      [] {
        RuntimeServer server(RuntimeServer::Kind::lambda);
        const net::FileDescriptor stop(::eventfd(0, EFD_CLOEXEC));
        const MeasuringOptions options{Gate(), self_contained_resolver()};
        std::thread loop([&] { EXPECT_TRUE(serve_lambda(server.address(), options, stop.get())); });
        server.hand_out({"traced", "{}", seconds(5), "Root=1-5bef4de7;Sampled=1"});
        EXPECT_EQ(server.wait_for(1).size(), 1u);
        EXPECT_TRUE(server.wait_until_idle());
        EXPECT_STREQ(std::getenv("_X_AMZN_TRACE_ID"), "Root=1-5bef4de7;Sampled=1");
        server.hand_out({"untraced", "{}"});
        EXPECT_EQ(server.wait_for(2).size(), 2u);
        EXPECT_TRUE(server.wait_until_idle());
        EXPECT_EQ(std::getenv("_X_AMZN_TRACE_ID"), nullptr);
        ::eventfd_write(stop.get(), 1);
        loop.join();
      },
      limit);
}

TEST(Lambda, ATerminationAnswersWhatIsBeingMeasured) {
  in_network_namespace(
      [] {
        RuntimeServer server(RuntimeServer::Kind::lambda);
        server.hand_out({"slow", R"({"target":"127.0.0.1","count":50,"interval":1})", seconds(20)});
        auto program = start(server);
        ASSERT_TRUE(server.wait_until_handed_out());
        program.signal(SIGTERM);
        EXPECT_EQ(program.wait().status, 0);
        const auto results = server.wait_for(1);
        ASSERT_EQ(results.size(), 1u);
        EXPECT_EQ(Json::parse(results[0].body)["complete"], false);
      },
      limit);
}

TEST(Lambda, ATerminationEndsTheWaitForEvents) {
  in_network_namespace(
      [] {
        RuntimeServer server(RuntimeServer::Kind::lambda);
        auto program = start(server);
        ASSERT_TRUE(server.wait_until_idle());
        program.signal(SIGTERM);
        EXPECT_EQ(program.wait().status, 0);
      },
      limit);
}

TEST(Lambda, AThousandInvocationsLeaveNothingBehind) {
  in_network_namespace(
      [] {
        RuntimeServer server(RuntimeServer::Kind::lambda);
        const auto program = start(server);
        const auto hand_out = [&server](int count) {
          for (int i = 0; i < count; ++i) {
            server.hand_out({"id", i % 10 == 9 ? "{" : R"({"target":["127.0.0.1","localhost"],"count":1})"});
          }
        };
        hand_out(200);
        ASSERT_EQ(server.wait_for(200).size(), 200u);
        ASSERT_TRUE(server.wait_until_idle());
        const std::size_t descriptors = descriptors_of(program.id());
        const std::size_t pages = memory_of(program.id());
        hand_out(1000);
        ASSERT_EQ(server.wait_for(1200).size(), 1200u);
        ASSERT_TRUE(server.wait_until_idle());
        EXPECT_EQ(descriptors_of(program.id()), descriptors);
        EXPECT_LE(memory_of(program.id()), pages + 32) << "pages; 128 KiB for a thousand";
      },
      limit);
}

}  // namespace
}  // namespace sonde::function::test
