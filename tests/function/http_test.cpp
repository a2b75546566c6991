// http_test.cpp: the whole program as an HTTP server, as containers of functions start it.
#include <gmock/gmock.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <thread>

#include "function/http_peer.hpp"
#include "function/http_program.hpp"
#include "net/network_namespace.hpp"

namespace sonde::function::test {
namespace {

using Json = nlohmann::json;
using net::testing::in_network_namespace;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

constexpr auto limit = seconds(50);

TEST(Http, GetAndPostMeasure) {
  in_network_namespace(
      [] {
        Server server;
        for (const auto& response :
             {get(server.port(), "/?target=127.0.0.1,localhost&count=2&interval=1ms"),
              post(server.port(), "/", R"({"target":["127.0.0.1","localhost"],"count":2,"interval":0.001})"),
              post(server.port(), "/invoke",
                   R"({"target":["127.0.0.1","localhost"],"count":2,"interval":0.001})")}) {
          ASSERT_TRUE(response);
          EXPECT_EQ(response->status(), 200) << response->body;
          EXPECT_EQ(response->headers.at("content-type"), "application/json");
          const Json answer = Json::parse(response->body);
          EXPECT_EQ(answer["targets"].size(), 2u);
          for (const Json& target : answer["targets"]) {
            EXPECT_EQ(target["addresses"][0]["summary"]["received"], 2) << target;
          }
        }
      },
      limit);
}

// What it says there is for people; that nobody can read it is no reason to serve nobody.
TEST(Http, AStandardErrorThatCannotBeWrittenToDoesNotKeepItFromServing) {
  in_network_namespace(
      [] {
        for (const char* errors : {"2>&-", "2>/dev/full"}) {
          lab::Command command = function_program({}, {"--listen", "127.0.0.1:8099"});
          command.arguments.insert(command.arguments.begin(),
                                   {"sh", "-c", std::string("exec \"$@\" ") + errors, "sh"});
          lab::Process program(std::move(command));
          const auto ask = []() -> std::optional<RawMessage> {
            try {
              return get(8099, "/healthz");
            } catch (const std::runtime_error&) {  // nobody listens yet
              return std::nullopt;
            }
          };
          auto response = ask();
          for (const auto until = Clock::now() + seconds(10); !response && Clock::now() < until;) {
            std::this_thread::sleep_for(milliseconds(1));
            response = ask();
          }
          ASSERT_TRUE(response) << errors;
          EXPECT_EQ(response->status(), 200);
          program.signal(SIGTERM);
          EXPECT_EQ(program.wait().status, 0) << errors;
        }
      },
      limit);
}

TEST(Http, WhereEverythingIsRefusedNothingIsWaitedFor) {
  in_network_namespace(
      [] {
        Server server;
        const auto response = get(server.port(), "/?target=169.254.169.254");
        ASSERT_TRUE(response);
        EXPECT_EQ(response->status(), 200) << response->body;
        const Json answer = Json::parse(response->body);
        EXPECT_EQ(answer["targets"][0]["error"]["code"], "permission_denied") << answer;
        EXPECT_LT(answer["elapsed_ns"], 1'000'000'000) << "and not until the time limit";
      },
      limit);
}

TEST(Http, BadRequestsGetAStatusAndTheProgramLivesOn) {
  in_network_namespace(
      [] {
        Server server;
        const auto status = [&](const std::optional<RawMessage>& response) {
          return response ? response->status() : 0;
        };
        EXPECT_EQ(status(get(server.port(), "/")), 400);
        EXPECT_EQ(status(get(server.port(), "/?target=%zz")), 400);
        EXPECT_EQ(status(post(server.port(), "/", "{")), 400);
        EXPECT_EQ(status(get(server.port(), "/nowhere")), 404);
        EXPECT_EQ(status(get(server.port(), "/healthz")), 200);
        EXPECT_EQ(status(post(server.port(), "/", std::string(70'000, 'x'))), 413);
        EXPECT_EQ(status(get(server.port(), "/?" + std::string(20'000, 'x'))), 431);
        Peer peer = Peer::connect(server.port());
        peer.send("DELETE / HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_EQ(status(peer.receive()), 405);
        const auto error = post(server.port(), "/", R"({"target":"a b"})");
        EXPECT_EQ(Json::parse(error->body)["errorType"], "InvalidEvent");
        EXPECT_EQ(status(get(server.port(), "/?target=127.0.0.1&count=1")), 200);
      },
      limit);
}

TEST(Http, BeyondTheLimitRequestsAreToldToComeAgain) {
  in_network_namespace(
      [] {
        Server server({"--parallel", "1"});
        Peer first = Peer::connect(server.port());
        first.send("GET /?target=127.0.0.1&count=100&interval=1 HTTP/1.1\r\nHost: x\r\n\r\n");
        // The first may still be on its way: the second then is measured, so asks again.
        std::optional<RawMessage> second;
        do second = get(server.port(), "/?target=127.0.0.1&count=1");
        while (second && second->status() == 200);
        ASSERT_TRUE(second);
        EXPECT_EQ(second->status(), 503);
        EXPECT_EQ(second->headers.at("retry-after"), "1");
        EXPECT_EQ(Json::parse(second->body)["errorType"], "Busy");
      },
      limit);
}

TEST(Http, AClientThatGoesAwayFreesItsPlace) {
  in_network_namespace(
      [] {
        Server server({"--parallel", "1"});
        const std::size_t descriptors = descriptors_of(server.program().id());
        {
          Peer peer = Peer::connect(server.port());
          peer.send("GET /?target=127.0.0.1&count=100&interval=1 HTTP/1.1\r\nHost: x\r\n\r\n");
        }
        std::optional<RawMessage> response;
        const auto patience = Clock::now() + seconds(10);
        do response = get(server.port(), "/?target=127.0.0.1&count=1");
        while (response && response->status() == 503 && Clock::now() < patience);
        ASSERT_TRUE(response);
        EXPECT_EQ(response->status(), 200);
        // The connection of the last request may take a moment to go.
        while (descriptors_of(server.program().id()) > descriptors && Clock::now() < patience)
          std::this_thread::yield();
        EXPECT_EQ(descriptors_of(server.program().id()), descriptors);
      },
      limit);
}

TEST(Http, ATerminationAnswersWhatIsBeingMeasured) {
  in_network_namespace(
      [] {
        Server server({"--parallel", "1"});
        Peer peer = Peer::connect(server.port());
        peer.send("GET /?target=127.0.0.1&count=100&interval=1 HTTP/1.1\r\nHost: x\r\n\r\n");
        while (get(server.port(), "/?target=127.0.0.1&count=1")->status() != 503) {
        }
        server.program().signal(SIGTERM);
        const auto response = peer.receive();
        ASSERT_TRUE(response);
        EXPECT_EQ(Json::parse(response->body)["complete"], false);
        EXPECT_EQ(response->headers.at("connection"), "close");
        EXPECT_EQ(server.program().wait().status, 0);
      },
      limit);
}

TEST(Http, AThousandRequestsLeaveNothingBehind) {
  in_network_namespace(
      [] {
        Server server;
        const auto ask = [&](int count) {
          Peer peer = Peer::connect(server.port());
          for (int i = 0; i < count; ++i) {
            peer.send("GET /?target=127.0.0.1&count=1 HTTP/1.1\r\nHost: x\r\n\r\n");
            const auto response = peer.receive();
            ASSERT_TRUE(response) << i;
            ASSERT_EQ(response->status(), 200) << response->body;
          }
        };
        ask(200);
        const std::size_t pages = memory_of(server.program().id());
        ask(1000);
        EXPECT_LE(memory_of(server.program().id()), pages + 32) << "pages; 128 KiB for a thousand";
      },
      limit);
}

TEST(Http, APortThatIsTakenIsAnError) {
  in_network_namespace(
      [] {
        const Listening taken;
        const auto finished =
            lab::Process(function_program({}, {"--listen", "127.0.0.1:" + std::to_string(taken.port)}))
                .wait();
        EXPECT_EQ(finished.status, 3);
        EXPECT_THAT(finished.errors, HasSubstr("EADDRINUSE"));
      },
      limit);
}

}  // namespace
}  // namespace sonde::function::test
