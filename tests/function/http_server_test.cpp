// http_server_test.cpp: the server's bounds: slow clients, too many of them, connections kept and given up.
#include "function/http_server.hpp"

#include <gmock/gmock.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <ctime>
#include <thread>
#include <vector>

#include "function/http_peer.hpp"

namespace sonde::function {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Peer;

const std::string plain_get = "GET /x HTTP/1.1\r\nHost: t\r\n\r\n";

// A server that answers every request with its target, on a thread of its own.
class RunningServer {
 public:
  explicit RunningServer(ServerLimits limits) : limits_(limits), stop_(::eventfd(0, EFD_CLOEXEC)) {
    Listener listener = open_listener(parse_listen("127.0.0.1:0").value()).value();
    port_ = net::SocketAddress::of_socket(listener.socket.get())->port();
    thread_ = std::thread([this, listener = std::move(listener)]() mutable {
      const auto echo = [](const HttpRequest& request, std::size_t) {
        return HttpResponse{200, {}, request.target + request.body};
      };
      serve_http(std::move(listener), echo, limits_, stop_.get());
    });
  }
  ~RunningServer() {
    ::eventfd_write(stop_.get(), 1);
    thread_.join();
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;
  std::uint16_t port() const { return port_; }

 private:
  ServerLimits limits_;
  net::FileDescriptor stop_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

TEST(HttpServer, KeepsAConnectionForFurtherRequests) {
  const RunningServer server({});
  Peer peer = Peer::connect(server.port());
  for (int i = 0; i < 3; ++i) {
    peer.send(test::post_bytes("/y", std::to_string(i)));
    const auto response = peer.receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "/y" + std::to_string(i));
    EXPECT_EQ(response->headers.at("connection"), "keep-alive");
  }
}

TEST(HttpServer, AnswersRequestsThatAreSentAheadInTheirOrder) {
  const RunningServer server({});
  Peer peer = Peer::connect(server.port());
  std::string all;
  for (int i = 0; i < 50; ++i) all += test::post_bytes("/", std::to_string(i));
  peer.send(all);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(peer.receive().value().body, "/" + std::to_string(i));
}

Nanoseconds processor_time() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

// poll() takes no more entries than there may be descriptors: three for each connection would be too many.
TEST(HttpServer, WaitsWithoutSpinningWhereThereMayBeFewDescriptors) {
  const RunningServer server({});
  std::vector<Peer> peers;
  for (int i = 0; i < 20; ++i) peers.push_back(Peer::connect(server.port()));
  for (Peer& peer : peers) {
    peer.send(plain_get);
    ASSERT_TRUE(peer.receive());
  }
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit few{60, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &few);
  for (int i = 0; i < 2; ++i) {  // the first wait began before
    peers.front().send(plain_get);
    ASSERT_TRUE(peers.front().receive()) << i;
  }
  const Nanoseconds begin = processor_time();
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_LT(processor_time() - begin, milliseconds(100));
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST(HttpServer, ClosesWhenTheClientWantsThat) {
  const RunningServer server({});
  Peer peer = Peer::connect(server.port());
  peer.send("GET /x HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(peer.receive().value().headers.at("connection"), "close");
  EXPECT_TRUE(peer.closes());
}

TEST(HttpServer, ARequestThatTakesTooLongIsGivenUpHoweverItTrickles) {
  const RunningServer server({.request_patience = milliseconds(200)});
  Peer peer = Peer::connect(server.port());
  const auto begun = std::chrono::steady_clock::now();
  peer.send("GET /x HTTP/1.1\r\n");
  std::optional<test::RawMessage> response;
  // Every header that comes would renew a limit on silence.
  std::jthread trickle([&peer](const std::stop_token& stop) {
    while (!stop.stop_requested() && peer.send("X: y\r\n")) std::this_thread::sleep_for(milliseconds(10));
  });
  response = peer.receive();
  trickle.request_stop();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status(), 408);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(5));
}

TEST(HttpServer, AConnectionThatNeverAsksIsClosed) {
  const RunningServer server({.request_patience = milliseconds(100)});
  Peer peer = Peer::connect(server.port());
  EXPECT_TRUE(peer.closes());
}

TEST(HttpServer, AKeptConnectionIsClosedWhenItsTimeIsOver) {
  const RunningServer server({.idle_patience = milliseconds(100)});
  Peer peer = Peer::connect(server.port());
  peer.send(plain_get);
  ASSERT_TRUE(peer.receive());
  EXPECT_TRUE(peer.closes());
}

TEST(HttpServer, AKeptConnectionWithoutARequestMakesRoomForANewOne) {
  const RunningServer server({.connections = 2});
  Peer first = Peer::connect(server.port());
  first.send(plain_get);
  ASSERT_TRUE(first.receive());
  Peer second = Peer::connect(server.port());
  second.send("GET ");  // is asking
  second.send("/x");
  Peer third = Peer::connect(server.port());
  third.send(plain_get);
  const auto response = third.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status(), 200);
}

TEST(HttpServer, BeyondItsConnectionsIsToldToComeAgain) {
  const RunningServer server({.connections = 1});
  Peer first = Peer::connect(server.port());
  first.send("GET /x HTTP/1.1\r\n");
  // Until the server has read of the first one, a second would take its place.
  std::optional<test::RawMessage> response;
  for (int i = 0; i < 1000 && (!response || response->status() != 503); ++i) {
    Peer second = Peer::connect(server.port());
    second.send("GET /x HTTP/1.1\r\nConnection: close\r\n\r\n");
    response = second.receive();
    if (response && response->status() == 200) {  // took the place of the first
      first = Peer::connect(server.port());
      first.send("GET /x HTTP/1.1\r\n");
    }
  }
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status(), 503);
  EXPECT_EQ(response->headers.at("retry-after"), "1");
}

TEST(HttpServer, ARefusedBodyStillGetsItsAnswerThrough) {
  const RunningServer server({.message = {.body_bytes = 100}});
  for (int i = 0; i < 20; ++i) {
    Peer peer = Peer::connect(server.port());
    peer.send(test::post_bytes("/", std::string(100'000, 'x')));
    const auto response = peer.receive();
    ASSERT_TRUE(response) << "the connection was reset under the answer";
    EXPECT_EQ(response->status(), 413);
    EXPECT_TRUE(peer.closes()) << "a reset may overtake the answer";
  }
}

}  // namespace
}  // namespace sonde::function
