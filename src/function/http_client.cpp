// http_client.cpp: see http_client.hpp.
#include "function/http_client.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "function/measurement.hpp"
#include "net/file_descriptor.hpp"
#include "net/wait.hpp"
#include "text/number.hpp"
#include "text/quote.hpp"

namespace sonde::function {
namespace {

// Over how long a name is looked up.
constexpr Nanoseconds name_patience = std::chrono::seconds(5);

// One connection, and what all its waits have in common.
class Exchange {
 public:
  Exchange(const Endpoint& endpoint, std::optional<MonotonicTime> deadline, int stop)
      : endpoint_(endpoint), deadline_(deadline), stop_(stop) {}

  Result<std::optional<HttpResponse>> run(const std::string& bytes);

 private:
  std::unexpected<Error> failed(int system_errno, std::string what) const {
    return std::unexpected(Error::from_errno(system_errno, std::move(what), endpoint_.name));
  }
  std::unexpected<Error> unusable(std::string what) const {
    return std::unexpected(Error{ErrorCode::unavailable, 0, std::move(what), endpoint_.name, {}});
  }
  // False: asked to stop. Errors: too late.
  Result<bool> wait(short events);
  Result<bool> connect();
  Result<bool> send(std::string_view bytes);
  Result<std::optional<HttpResponse>> receive();

  const Endpoint& endpoint_;
  std::optional<MonotonicTime> deadline_;
  int stop_;
  net::FileDescriptor socket_;
};

Result<bool> Exchange::wait(short events) {
  for (;;) {
    std::array<pollfd, 2> waited_for{{{socket_.get(), events, 0}, {stop_, POLLIN, 0}}};
    const bool ready = net::wait_until(waited_for, deadline_);
    // An invocation that has arrived is taken and answered, also when the end has been asked for meanwhile.
    if (ready) return waited_for[0].revents != 0;
    if (deadline_ && Clock::system().monotonic() >= *deadline_)
      return unusable("the runtime API does not answer");
  }
}

Result<bool> Exchange::connect() {
  const int family = net::address_family(endpoint_.address.family());
  socket_.reset(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_) return failed(errno, "cannot open a socket to the runtime API");
  if (::connect(socket_.get(), endpoint_.address.data(), endpoint_.address.size()) == 0) return true;
  if (errno != EINPROGRESS && errno != EINTR) return failed(errno, "cannot reach the runtime API");
  const auto writable = wait(POLLOUT);
  if (!writable || !*writable) return writable;
  int status = 0;
  socklen_t length = sizeof status;
  if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &status, &length) != 0) status = errno;
  if (status != 0) return failed(status, "cannot reach the runtime API");
  return true;
}

Result<bool> Exchange::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return failed(errno, "cannot write to the runtime API");
    const auto writable = wait(POLLOUT);
    if (!writable || !*writable) return writable;
  }
  return true;
}

Result<std::optional<HttpResponse>> Exchange::receive() {
  ResponseReader reader;
  std::string input;
  for (;;) {
    std::array<char, 16384> chunk;
    const ssize_t received = ::recv(socket_.get(), chunk.data(), chunk.size(), 0);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0 && errno != EAGAIN) return failed(errno, "cannot read from the runtime API");
    if (received < 0) {
      const auto readable = wait(POLLIN);
      if (!readable) return std::unexpected(readable.error());
      if (!*readable) return std::nullopt;
      continue;
    }
    input.append(chunk.data(), static_cast<std::size_t>(received));
    const auto state = received == 0 ? reader.read_end() : reader.read(input);
    if (!state) return unusable("the runtime API answered no HTTP (" + state.error().what + ")");
    if (*state == ReadState::complete) return reader.take();
  }
}

Result<std::optional<HttpResponse>> Exchange::run(const std::string& bytes) {
  const auto connected = connect();
  if (!connected) return std::unexpected(connected.error());
  if (!*connected) return std::nullopt;
  const auto sent = send(bytes);
  if (!sent) return std::unexpected(sent.error());
  if (!*sent) return std::nullopt;
  return receive();
}

Result<Address> find_address(const std::string& host) {
  if (const auto address = Address::parse(host)) return *address;
  auto resolver = resolve::Resolver::open(self_contained_resolver());
  if (!resolver) return std::unexpected(std::move(resolver.error()));
  Result<Address> found = std::unexpected(
      Error{ErrorCode::unavailable, 0, "the runtime API's name was not resolved in time", host, {}});
  bool answered = false;
  resolver->resolve(host, resolve::FamilyFilter::any, [&](const Result<resolve::Resolution>& resolution) {
    answered = true;
    if (resolution) {
      found = resolution->addresses.front().address;
    } else {
      found = std::unexpected(resolution.error());
    }
  });
  const MonotonicTime patience = Clock::system().monotonic() + name_patience;
  for (resolver->process(); !answered && Clock::system().monotonic() < patience; resolver->process()) {
    std::array<pollfd, 1> waited_for{{{resolver->fd(), POLLIN, 0}}};
    net::wait_until(waited_for, net::earlier(patience, resolver->next_deadline()));
  }
  return found;
}

}  // namespace

Result<Endpoint> find_endpoint(const std::string& text) {
  const auto colon = text.rfind(':');
  const std::uint64_t port =
      colon == std::string::npos ? 0 : text::parse_whole(text.substr(colon + 1), 1, 65535).value_or(0);
  std::string host = text.substr(0, colon);
  if (port == 0 || host.empty()) {
    return std::unexpected(
        Error::invalid("the runtime API's address is not HOST:PORT", text::in_quotes(text)));
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto address = find_address(host);
  if (!address) return std::unexpected(address.error());
  return Endpoint{net::SocketAddress::from(*address, static_cast<std::uint16_t>(port)), text};
}

Result<std::optional<HttpResponse>> exchange(const Endpoint& endpoint, const HttpRequest& request,
                                             std::optional<MonotonicTime> deadline, int stop) {
  return Exchange(endpoint, deadline, stop).run(to_bytes(request, endpoint.name));
}

}  // namespace sonde::function
