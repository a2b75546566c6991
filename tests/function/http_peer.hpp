// http_peer.hpp: HTTP as plain as it gets, over blocking sockets on loopback, sharing no code with src/function/.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "net/file_descriptor.hpp"

namespace sonde::function::test {

struct RawMessage {
  std::string start;                           // the first line
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  int status() const;  // of a response
};

// One end of a connection. All waits end after `patience` as if the peer had closed.
class Peer {
 public:
  explicit Peer(net::FileDescriptor socket, std::chrono::milliseconds patience = std::chrono::seconds(10));
  static Peer connect(std::uint16_t port, std::chrono::milliseconds patience = std::chrono::seconds(10));

  // False: the peer is gone.
  bool send(const std::string& bytes);
  // Until the end of a message with a Content-Length (or without a body); nullopt: closed before.
  std::optional<RawMessage> receive();
  // The peer closes without sending more.
  bool closes();
  int descriptor() const { return socket_.get(); }

 private:
  bool receive_more();

  net::FileDescriptor socket_;
  std::string input_;
};

// "GET target", and the response to it.
std::optional<RawMessage> get(std::uint16_t port, const std::string& target);
std::optional<RawMessage> post(std::uint16_t port, const std::string& target, const std::string& body);
std::string post_bytes(const std::string& target, const std::string& body);

// A listening socket on a free port of 127.0.0.1.
struct Listening {
  Listening();
  net::FileDescriptor socket;
  std::uint16_t port = 0;
};

}  // namespace sonde::function::test
