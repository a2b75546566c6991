// http_peer.cpp: see http_peer.hpp.
#include "function/http_peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <stdexcept>

namespace sonde::function::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

net::FileDescriptor tcp_socket() {
  net::FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) throw std::runtime_error("no socket");
  return socket;
}

}  // namespace

int RawMessage::status() const {
  return start.size() > 12 ? std::atoi(start.c_str() + 9) : 0;
}

Peer::Peer(net::FileDescriptor socket, std::chrono::milliseconds patience) : socket_(std::move(socket)) {
  const timeval limit{.tv_sec = patience.count() / 1000, .tv_usec = patience.count() % 1000 * 1000};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

Peer Peer::connect(std::uint16_t port, std::chrono::milliseconds patience) {
  auto socket = tcp_socket();
  const sockaddr_in address = loopback(port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("nobody listens on port " + std::to_string(port));
  }
  return Peer(std::move(socket), patience);
}

bool Peer::send(const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t count = ::send(socket_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  return true;
}

bool Peer::receive_more() {
  std::array<char, 16384> chunk;
  const ssize_t count = ::recv(socket_.get(), chunk.data(), chunk.size(), 0);
  if (count <= 0) return false;
  input_.append(chunk.data(), static_cast<std::size_t>(count));
  return true;
}

std::optional<RawMessage> Peer::receive() {
  constexpr std::string_view end_of_head = "\r\n\r\n";
  auto head = std::string::npos;
  while ((head = input_.find(end_of_head)) == std::string::npos) {
    if (!receive_more()) return std::nullopt;
  }
  RawMessage message;
  std::size_t at = input_.find("\r\n");
  message.start = input_.substr(0, at);
  while (at < head) {
    const auto end = input_.find("\r\n", at + 2);
    const std::string line = input_.substr(at + 2, end - at - 2);
    const auto colon = line.find(": ");
    std::string name = line.substr(0, colon);
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (colon != std::string::npos) message.headers[name] = line.substr(colon + 2);
    at = end;
  }
  const auto length = message.headers.find("content-length");
  const std::size_t body = length == message.headers.end() ? 0 : std::stoul(length->second);
  const std::size_t whole = head + end_of_head.size() + body;
  while (input_.size() < whole) {
    if (!receive_more()) return std::nullopt;
  }
  message.body = input_.substr(head + end_of_head.size(), body);
  input_.erase(0, whole);
  return message;
}

bool Peer::closes() {
  if (!input_.empty()) return false;
  std::array<char, 1> byte;
  return ::recv(socket_.get(), byte.data(), byte.size(), 0) == 0;
}

std::string post_bytes(const std::string& target, const std::string& body) {
  return "POST " + target + " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::optional<RawMessage> get(std::uint16_t port, const std::string& target) {
  Peer peer = Peer::connect(port);
  peer.send("GET " + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
  return peer.receive();
}

std::optional<RawMessage> post(std::uint16_t port, const std::string& target, const std::string& body) {
  Peer peer = Peer::connect(port);
  peer.send(post_bytes(target, body));
  return peer.receive();
}

Listening::Listening() : socket(tcp_socket()) {
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.get(), generic, length) != 0 || ::listen(socket.get(), 64) != 0 ||
      ::getsockname(socket.get(), generic, &length) != 0) {
    throw std::runtime_error("cannot listen");
  }
  port = ntohs(address.sin_port);
}

}  // namespace sonde::function::test
