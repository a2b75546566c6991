// deadline_test.cpp: the whole program answers half a second before an invocation's deadline, whatever it waits for.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "function/function_program.hpp"
#include "function/runtime_server.hpp"
#include "net/network_namespace.hpp"

namespace sonde::function::test {
namespace {

using Json = nlohmann::json;
using net::testing::in_network_namespace;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto limit = seconds(50);

lab::Process start(const RuntimeServer& server) {
  return lab::Process(function_program(server.environment()));
}

TEST(Deadline, ASlowInvocationOfLambdaIsAnsweredHalfASecondBeforeIt) {
  in_network_namespace(
      [] {
        RuntimeServer server(RuntimeServer::Kind::lambda);
        server.hand_out({"slow", R"({"target":"127.0.0.1","count":100,"interval":1})", milliseconds(1500)});
        const auto program = start(server);
        const auto results = server.wait_for(1);
        ASSERT_EQ(results.size(), 1u);
        EXPECT_GE(results[0].left, milliseconds(500));
        const Json answer = Json::parse(results[0].body);
        EXPECT_EQ(answer["complete"], false);
        EXPECT_EQ(answer["targets"][0]["addresses"][0]["probes"].size(), 1u);
      },
      limit);
}

TEST(Deadline, ANameThatNobodyAnswersDoesNotPassIt) {
  in_network_namespace(
      [] {
        RuntimeServer server(RuntimeServer::Kind::lambda);
        server.hand_out(
            {"slow", R"({"target":["nobody.example","127.0.0.1"],"count":1})", milliseconds(1500)});
        const auto program = start(server);
        const auto results = server.wait_for(1);
        ASSERT_EQ(results.size(), 1u);
        EXPECT_GE(results[0].left, milliseconds(500));
        EXPECT_EQ(Json::parse(results[0].body)["targets"][1]["addresses"][0]["summary"]["received"], 1);
      },
      limit);
}

TEST(Deadline, ASlowInvocationOfScfIsAnsweredHalfASecondBeforeIt) {
  in_network_namespace(
      [] {
        RuntimeServer server(RuntimeServer::Kind::scf);
        server.hand_out({"slow", R"({"target":"127.0.0.1","count":100,"interval":1})", milliseconds(1500)});
        const auto program = start(server);
        const auto results = server.wait_for(1);
        ASSERT_EQ(results.size(), 1u);
        EXPECT_GE(results[0].left, milliseconds(500));
        EXPECT_EQ(Json::parse(results[0].body)["complete"], false);
      },
      limit);
}

}  // namespace
}  // namespace sonde::function::test
