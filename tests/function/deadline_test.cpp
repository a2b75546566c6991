// deadline_test.cpp: the whole program answers half a second before an invocation's deadline, whatever it waits for, and
// several at a time.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "function/function_program.hpp"
#include "function/http_peer.hpp"
#include "function/http_program.hpp"
#include "function/runtime_server.hpp"
#include "net/network_namespace.hpp"

namespace sonde::function::test {
namespace {

using Json = nlohmann::json;
using net::testing::in_network_namespace;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

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

TEST(Deadline, HttpRequestsAreMeasuredSideBySide) {
  in_network_namespace(
      [] {
        Server server;
        const auto begun = Clock::now();
        std::vector<Peer> peers;
        for (int i = 0; i < 8; ++i) {
          peers.push_back(Peer::connect(server.port()));
          peers.back().send("GET /?target=127.0.0.1&count=5&interval=100ms HTTP/1.1\r\nHost: x\r\n\r\n");
        }
        for (Peer& peer : peers) EXPECT_EQ(peer.receive().value().status(), 200);
        EXPECT_GE(Clock::now() - begun, milliseconds(400));
        EXPECT_LT(Clock::now() - begun, milliseconds(8 * 400)) << "one after the other";
      },
      limit);
}

TEST(Deadline, TheTimeLimitEndsAnHttpRequestWithWhatThereIs) {
  in_network_namespace(
      [] {
        Server server({"--time-limit", "1s"});
        const auto begun = Clock::now();
        const auto response = get(server.port(), "/?target=127.0.0.1&count=100&interval=1");
        EXPECT_LT(Clock::now() - begun, milliseconds(950));
        ASSERT_TRUE(response);
        EXPECT_EQ(Json::parse(response->body)["complete"], false);
      },
      limit);
}

}  // namespace
}  // namespace sonde::function::test
