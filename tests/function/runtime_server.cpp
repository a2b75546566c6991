// runtime_server.cpp: see runtime_server.hpp.
#include "function/runtime_server.hpp"

#include <sys/socket.h>

#include <utility>

namespace sonde::function::test {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr auto patience = std::chrono::seconds(30);
const std::string lambda_prefix = "/2018-06-01/runtime/";

std::string response(int status, const std::string& headers, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) + " Status\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

RuntimeServer::RuntimeServer(Kind kind) : kind_(kind), thread_([this] { serve(); }) {}

std::vector<std::string> RuntimeServer::environment() const {
  if (kind_ == Kind::lambda) return {"AWS_LAMBDA_RUNTIME_API=" + address()};
  return {"SCF_RUNTIME_API=127.0.0.1", "SCF_RUNTIME_API_PORT=" + std::to_string(port())};
}

void RuntimeServer::hand_out(Invocation invocation) {
  std::unique_lock lock(mutex_);
  waiting_.push_back(std::move(invocation));
  if (parked_.empty()) return;
  Peer peer = std::move(parked_.back());
  parked_.pop_back();
  lock.unlock();
  hand_out_next(std::move(peer));
}

void RuntimeServer::refuse_posts(int status) {
  const std::scoped_lock lock(mutex_);
  status_of_posts_ = status;
}

std::vector<Result> RuntimeServer::wait_for(std::size_t results) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [&] { return results_.size() >= results; });
  return results_;
}

bool RuntimeServer::wait_until_idle() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return !parked_.empty(); });
}

bool RuntimeServer::wait_until_handed_out() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return waiting_.empty() && !current_.id.empty(); });
}

void RuntimeServer::go_away() {
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(gone_, true)) return;
    ::shutdown(listening_.socket.get(), SHUT_RDWR);  // wakes accept()
  }
  thread_.join();
  listening_.socket.reset();
  parked_.clear();
}

std::string RuntimeServer::init_error() const {
  const std::scoped_lock lock(mutex_);
  return init_error_;
}

void RuntimeServer::serve() {
  for (;;) {
    net::FileDescriptor socket(::accept4(listening_.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
    {
      const std::scoped_lock lock(mutex_);
      if (gone_ || !socket) return;
    }
    serve_one(Peer(std::move(socket)));
  }
}

void RuntimeServer::serve_one(Peer peer) {
  const auto request = peer.receive();
  if (!request) return;
  const std::string method = request->start.substr(0, request->start.find(' '));
  const std::string rest = request->start.substr(method.size() + 1);
  std::string path = rest.substr(0, rest.find(' '));
  if (kind_ == Kind::lambda) {
    if (!path.starts_with(lambda_prefix)) {
      peer.send(response(404, "", "{}"));
      return;
    }
    path = "/runtime/" + path.substr(lambda_prefix.size());
  }
  if (method == "GET" && path == "/runtime/invocation/next") return hand_out_next(std::move(peer));
  int status = 404;
  {
    const std::scoped_lock lock(mutex_);
    if (method == "POST" && path == "/runtime/init/ready" && kind_ == Kind::scf) {
      ready_calls_ += first_next_ == SteadyClock::time_point{} ? 1 : 1000;
      status = 200;
    } else if (method == "POST" && path == "/runtime/init/error" && kind_ == Kind::lambda) {
      init_error_ = request->body;
      status = 202;
    } else {
      const std::string of_current =
          kind_ == Kind::lambda ? "/runtime/invocation/" + current_.id : std::string("/runtime/invocation");
      if (path == of_current + "/response" || path == of_current + "/error") {
        take_result(*request, path.ends_with("/error"));
        status = kind_ == Kind::lambda ? 202 : 200;
      }
    }
    if (status_of_posts_ != 0) status = status_of_posts_;
  }
  changed_.notify_all();
  peer.send(response(status, "", R"({"status":"OK"})"));
}

void RuntimeServer::take_result(const RawMessage& request, bool error) {
  const auto elapsed = SteadyClock::now() - handed_out_;
  const auto type = request.headers.find("lambda-runtime-function-error-type");
  results_.push_back({current_.id, error, request.body, type == request.headers.end() ? "" : type->second,
                      current_.time_limit - std::chrono::duration_cast<std::chrono::milliseconds>(elapsed)});
}

void RuntimeServer::hand_out_next(Peer peer) {
  std::unique_lock lock(mutex_);
  if (first_next_ == SteadyClock::time_point{}) first_next_ = SteadyClock::now();
  if (waiting_.empty()) {
    parked_.push_back(std::move(peer));
    lock.unlock();
    changed_.notify_all();
    return;
  }
  current_ = std::move(waiting_.front());
  waiting_.pop_front();
  handed_out_ = SteadyClock::now();
  std::string headers;
  if (kind_ == Kind::lambda) {
    const auto deadline = std::chrono::system_clock::now() + current_.time_limit;
    const auto unix_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline.time_since_epoch()).count();
    headers = "Lambda-Runtime-Aws-Request-Id: " + current_.id +
              "\r\nLambda-Runtime-Deadline-Ms: " + std::to_string(unix_ms) +
              "\r\nLambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:x:1:function:f\r\n";
    if (!current_.trace.empty()) headers += "Lambda-Runtime-Trace-Id: " + current_.trace + "\r\n";
  } else {
    headers = "Request_Id: " + current_.id + "\r\nMemory_Limit_In_Mb: 128\r\nTime_Limit_In_Ms: " +
              std::to_string(current_.time_limit.count()) + "\r\n";
  }
  peer.send(response(200, headers + "Content-Type: application/json\r\n", current_.event));
  changed_.notify_all();
}

}  // namespace sonde::function::test
