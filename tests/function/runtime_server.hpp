// runtime_server.hpp: the runtime APIs of Lambda and of SCF, played as their public documentation describes them.
//
// Hands out the invocations it was given, one after the other, and keeps what came of them; then lets the
// program wait for the next, as the real ones do. Serves on a thread of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "function/http_peer.hpp"

namespace sonde::function::test {

struct Invocation {
  std::string id;
  std::string event;
  std::chrono::milliseconds time_limit = std::chrono::seconds(10);
  std::string trace = {};
};

struct Result {
  std::string id;  // of SCF: of the invocation that was handed out last
  bool error = false;
  std::string body;
  std::string error_type;
  std::chrono::milliseconds left{};  // of the invocation's time when it came
};

class RuntimeServer {
 public:
  enum class Kind { lambda, scf };
  explicit RuntimeServer(Kind kind);
  ~RuntimeServer() { go_away(); }
  RuntimeServer(const RuntimeServer&) = delete;
  RuntimeServer& operator=(const RuntimeServer&) = delete;

  std::uint16_t port() const { return listening_.port; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port()); }
  // The environment that leads a program here.
  std::vector<std::string> environment() const;

  void hand_out(Invocation invocation);
  // Answers to posts with another status than the API's own.
  void refuse_posts(int status);
  // Until so many results have come, or some seconds have passed. All that have come.
  std::vector<Result> wait_for(std::size_t results);
  // Until the program waits for an invocation that is not there; false: some seconds have passed.
  bool wait_until_idle();
  // Until everything to hand out was; false: some seconds have passed.
  bool wait_until_handed_out();
  // Closes everything, as a runtime does that ends.
  void go_away();

  // Of SCF: how often it was told that the program is ready, and whether before anything else.
  int ready_calls() const { return ready_calls_; }
  // Of Lambda: what it was told instead of being asked for an invocation.
  std::string init_error() const;
  std::chrono::steady_clock::time_point first_next() const { return first_next_; }

 private:
  void serve();
  void serve_one(Peer peer);
  void hand_out_next(Peer peer);
  void take_result(const RawMessage& request, bool error);

  Kind kind_;
  Listening listening_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Invocation> waiting_;
  std::vector<Peer> parked_;  // asked for an invocation when there was none
  std::vector<Result> results_;
  Invocation current_;
  std::chrono::steady_clock::time_point handed_out_;
  std::string init_error_;
  int status_of_posts_ = 0;  // 0: the API's own
  int ready_calls_ = 0;
  std::chrono::steady_clock::time_point first_next_{};
  bool gone_ = false;
  std::thread thread_;
};

}  // namespace sonde::function::test
