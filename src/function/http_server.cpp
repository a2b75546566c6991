// http_server.cpp: see http_server.hpp. Each connection is a small state machine; the loop waits for all of them.
#include "function/http_server.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/wait.hpp"

namespace sonde::function {
namespace {

// Beyond the limit so many more are taken to be told so; the others wait in the kernel's queue.
constexpr std::size_t told_busy = 32;
// When there is no descriptor for a connection, until it is tried again.
constexpr Nanoseconds accept_pause = std::chrono::milliseconds(100);
// A refused client may still be sending: closed at once, its system would throw the answer away.
constexpr Nanoseconds drain_patience = std::chrono::seconds(1);

enum class State : std::uint8_t {
  idle,       // no byte of a request yet
  reading,    // some of a request
  measuring,  // its answer is being measured
  writing,    // its answer is being sent
  draining,   // answered; reads away what still comes
  closed,
};

HttpResponse refusal(unsigned status, std::string_view type, std::string_view what) {
  HttpResponse response{status, {{"Content-Type", "application/json"}}, error_json(type, what)};
  if (status == 503) response.headers.push_back({"Retry-After", "1"});
  return response;
}

class Connection {
 public:
  Connection(net::FileDescriptor socket, const ServerLimits& limits)
      : socket_(std::move(socket)), limits_(limits), reader_(limits.message) {
    pass_to(State::idle, limits.request_patience);
  }

  State state() const { return state_; }
  int socket() const { return socket_.get(); }
  MonotonicTime expires() const { return expires_; }
  MonotonicTime next_deadline() const {
    return state_ == State::measuring ? work_->measurement.next_deadline() : expires_;
  }
  std::array<pollfd, 3> waited_for() const;

  // Goes on with what the socket is ready for, with the measurement, and with what has expired.
  void process(short ready, const HttpHandler& handler, std::size_t running);
  // Sends `response`, then closes.
  void refuse(const HttpResponse& response) {
    keep_alive_ = false;
    answer(response);
  }
  void stop();
  void close() {
    socket_.reset();
    work_.reset();
    state_ = State::closed;
  }

 private:
  void pass_to(State state, Nanoseconds patience) {
    state_ = state;
    expires_ = Clock::system().monotonic() + patience;
  }
  void receive();
  void read_request(const HttpHandler& handler, std::size_t running);
  void end_measuring();
  void answer(const HttpResponse& response);
  void send();
  void expire();

  net::FileDescriptor socket_;
  const ServerLimits& limits_;
  RequestReader reader_;
  std::string input_, output_;
  std::size_t sent_ = 0;  // of output_
  State state_ = State::idle;
  MonotonicTime expires_{};  // of the state; measuring has a deadline of its own
  bool keep_alive_ = false;
  std::optional<Measuring> work_;
};

std::array<pollfd, 3> Connection::waited_for() const {
  if (state_ == State::measuring) {
    const auto [session, resolver] = work_->measurement.descriptors();
    // The socket only for a client that goes away.
    return {{{socket(), POLLRDHUP, 0}, {session, POLLIN, 0}, {resolver, POLLIN, 0}}};
  }
  const short events = state_ == State::writing ? POLLOUT : POLLIN;
  return {{{socket(), events, 0}, {-1, 0, 0}, {-1, 0, 0}}};
}

void Connection::process(short ready, const HttpHandler& handler, std::size_t running) {
  if (state_ == State::measuring) {
    if ((ready & (POLLRDHUP | POLLHUP | POLLERR)) != 0) return close();
    work_->measurement.process();
    if (work_->measurement.done()) end_measuring();
  } else if (state_ == State::writing) {
    if (ready != 0) send();
  } else if (ready != 0) {
    receive();
  }
  read_request(handler, running);
  if (state_ != State::measuring && Clock::system().monotonic() >= expires_) expire();
}

void Connection::receive() {
  std::array<char, 16384> chunk;
  const ssize_t received = ::recv(socket(), chunk.data(), chunk.size(), 0);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (received <= 0) return close();
  if (state_ != State::draining) input_.append(chunk.data(), static_cast<std::size_t>(received));
}

void Connection::read_request(const HttpHandler& handler, std::size_t running) {
  // More than one where a client sends ahead; what it has sent is bounded by what receive() takes at once.
  while ((state_ == State::idle || state_ == State::reading) && !input_.empty()) {
    if (state_ == State::idle) pass_to(State::reading, limits_.request_patience);
    const auto read = reader_.read(input_);
    if (!read) return refuse(refusal(read.error().status, "BadRequest", read.error().what));
    if (*read == ReadState::wants_more) return;
    const HttpRequest request = reader_.take();
    keep_alive_ = request.keep_alive;
    auto reply = handler(request, running);
    if (auto* response = std::get_if<HttpResponse>(&reply)) {
      answer(*response);
    } else {
      work_ = std::move(std::get<Measuring>(reply));
      state_ = State::measuring;
    }
  }
}

// What is being measured is answered with what there is; who was not asking is let go.
void Connection::stop() {
  keep_alive_ = false;
  if (state_ == State::measuring) end_measuring();
  if (state_ == State::idle || state_ == State::reading) close();
}

void Connection::end_measuring() {
  const HttpResponse response = work_->respond(work_->measurement.answer());
  work_.reset();
  answer(response);
}

void Connection::answer(const HttpResponse& response) {
  output_ = to_bytes(response, keep_alive_);
  sent_ = 0;
  pass_to(State::writing, limits_.answer_patience);
  send();
}

void Connection::send() {
  while (sent_ < output_.size()) {
    const ssize_t sent = ::send(socket(), output_.data() + sent_, output_.size() - sent_, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) return close();
    sent_ += static_cast<std::size_t>(sent);
  }
  output_.clear();
  if (keep_alive_) return pass_to(State::idle, limits_.idle_patience);
  ::shutdown(socket(), SHUT_WR);
  input_.clear();
  pass_to(State::draining, drain_patience);
}

void Connection::expire() {
  if (state_ == State::reading) {
    refuse(refusal(408, "RequestTimeout", "the request took too long to arrive"));
  } else {
    close();
  }
}

class Server {
 public:
  Server(Listener listener, const HttpHandler& handler, const ServerLimits& limits, int stop)
      : listener_(std::move(listener)), handler_(handler), limits_(limits), stop_(stop) {}

  void run() {
    while (!stopping_ || !connections_.empty()) turn();
  }

 private:
  void turn();
  bool wants_connections() const {
    return !stopping_ && connections_.size() < limits_.connections + told_busy &&
           Clock::system().monotonic() >= accept_again_;
  }
  std::optional<MonotonicTime> next_deadline() const;
  void accept();
  void take_in(net::FileDescriptor socket);
  void begin_stopping();
  std::size_t running() const {
    return static_cast<std::size_t>(
        std::ranges::count(connections_, State::measuring, [](const auto& one) { return one.state(); }));
  }

  Listener listener_;
  const HttpHandler& handler_;
  const ServerLimits& limits_;
  int stop_;
  bool stopping_ = false;
  MonotonicTime accept_again_{};
  std::list<Connection> connections_;
  std::vector<pollfd> waited_for_;   // stop, listener, then those of each connection
  std::vector<std::size_t> places_;  // in it, of each connection's socket
};

std::optional<MonotonicTime> Server::next_deadline() const {
  std::optional<MonotonicTime> next;
  if (accept_again_ > Clock::system().monotonic()) next = accept_again_;
  for (const Connection& connection : connections_) {
    next = net::earlier(next, connection.next_deadline());
  }
  return next;
}

void Server::turn() {
  waited_for_.clear();
  places_.clear();
  waited_for_.push_back({stopping_ ? -1 : stop_, POLLIN, 0});
  waited_for_.push_back({wants_connections() ? listener_.socket.get() : -1, POLLIN, 0});
  for (const Connection& connection : connections_) {
    places_.push_back(waited_for_.size());
    // poll() takes no more entries than there may be descriptors, so none is there for nothing.
    std::ranges::copy_if(connection.waited_for(), std::back_inserter(waited_for_),
                         [](const pollfd& entry) { return entry.fd >= 0; });
  }
  net::wait_until(waited_for_, next_deadline());
  auto place = places_.begin();
  for (Connection& connection : connections_)
    connection.process(waited_for_[*place++].revents, handler_, running());
  if (waited_for_[0].revents != 0) begin_stopping();
  if (waited_for_[1].revents != 0) accept();
  std::erase_if(connections_, [](const Connection& one) { return one.state() == State::closed; });
}

void Server::accept() {
  while (wants_connections()) {
    net::FileDescriptor socket(
        ::accept4(listener_.socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno != EAGAIN) accept_again_ = Clock::system().monotonic() + accept_pause;
      return;
    }
    take_in(std::move(socket));
  }
}

void Server::take_in(net::FileDescriptor socket) {
  const bool full = connections_.size() >= limits_.connections;
  auto idle = connections_.end();
  if (full) {  // the one that would have been closed first
    for (auto one = connections_.begin(); one != connections_.end(); ++one) {
      const bool older = idle == connections_.end() || one->expires() < idle->expires();
      if (one->state() == State::idle && older) idle = one;
    }
  }
  const bool made_room = idle != connections_.end();
  if (made_room) connections_.erase(idle);
  Connection& taken = connections_.emplace_back(std::move(socket), limits_);
  if (full && !made_room) taken.refuse(refusal(503, "Busy", "too many connections; try again in a moment"));
}

void Server::begin_stopping() {
  stopping_ = true;
  listener_.socket.reset();
  for (Connection& connection : connections_) connection.stop();
}

}  // namespace

void serve_http(Listener listener, const HttpHandler& handler, const ServerLimits& limits, int stop) {
  Server(std::move(listener), handler, limits, stop).run();
}

}  // namespace sonde::function
