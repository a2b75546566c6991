// http_message.hpp: HTTP/1.1 messages as plain values, and between them and bytes. The parsing is Boost.Beast's, without
// its input and output; http_message.cpp alone knows it.
//
// Readers are bounded: what passes a limit is an error before it is kept. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::function {

struct Header {
  std::string name, value;
};

// The first of that name, in any case; empty where there is none.
std::string_view find_header(const std::vector<Header>& headers, std::string_view name);

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";  // path and query
  std::vector<Header> headers{};
  std::string body{};
  bool keep_alive = false;  // the sender keeps the connection for more
};

struct HttpResponse {
  unsigned status = 200;
  std::vector<Header> headers{};
  std::string body{};
};

// Bytes to send. Content-Length and Connection are added. Requires: no line break in what headers and target hold.
std::string to_bytes(const HttpRequest& request, std::string_view host);
std::string to_bytes(const HttpResponse& response, bool keep_alive);

// Whether a text may stand in a request line or a header as it is: printable ASCII without spaces.
bool is_header_safe(std::string_view text);

// Limits of what is taken from a peer.
struct MessageLimits {
  std::uint32_t header_bytes = 16U << 10;
  std::uint64_t body_bytes = 64U << 10;
};

// What is wrong with a message, and the status that tells its sender.
struct MessageFault {
  unsigned status = 400;
  std::string what{};
};

enum class ReadState : std::uint8_t { wants_more, complete };

// Reads one request, then the next.
class RequestReader {
 public:
  explicit RequestReader(MessageLimits limits = {});
  RequestReader(RequestReader&&) noexcept;
  RequestReader& operator=(RequestReader&&) noexcept;
  ~RequestReader();

  // Takes bytes off the front of `input`; what is behind the request's end stays.
  std::expected<ReadState, MessageFault> read(std::string& input);
  // After `complete`: the request; the reader is ready for the next.
  HttpRequest take();

 private:
  struct Parser;
  MessageLimits limits_;
  std::unique_ptr<Parser> parser_;
};

// Reads one response. Its peer is the runtime that this program serves, its limits are wider.
class ResponseReader {
 public:
  explicit ResponseReader(MessageLimits limits = {.header_bytes = 64U << 10, .body_bytes = 8U << 20});
  ~ResponseReader();
  ResponseReader(const ResponseReader&) = delete;
  ResponseReader& operator=(const ResponseReader&) = delete;

  std::expected<ReadState, MessageFault> read(std::string& input);
  // The peer has closed; only a response without a length ends with that.
  std::expected<ReadState, MessageFault> read_end();
  HttpResponse take();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace sonde::function
