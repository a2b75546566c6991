// http_message.cpp: see http_message.hpp; the only file that includes Boost.Beast.
#include "function/http_message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace sonde::function {
namespace {

namespace http = boost::beast::http;
using BoostError = boost::system::error_code;

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter;
}

template <typename Parser>
void set_up(Parser& parser, const MessageLimits& limits) {
  parser.eager(true);
  parser.header_limit(limits.header_bytes);
  parser.body_limit(limits.body_bytes);
}

MessageFault fault_of(const BoostError& error) {
  if (error == http::error::body_limit) return {413, "the body is too large"};
  if (error == http::error::header_limit) return {431, "the headers are too large"};
  return {400, error.message()};
}

// What ends a chunked body, "0 CRLF CRLF": fewer bytes than that are never all that is left of one. Beast's parser takes
// that for granted when it goes on with a last chunk, so it is not called with fewer.
constexpr std::size_t shortest_chunked_end = 5;

template <typename Parser>
bool waits_for_chunk(const Parser& parser, const std::string& input) {
  return parser.is_header_done() && parser.chunked() && input.size() < shortest_chunked_end;
}

template <typename Parser>
std::expected<ReadState, MessageFault> read_into(Parser& parser, std::string& input) {
  while (!parser.is_done() && !input.empty() && !waits_for_chunk(parser, input)) {
    BoostError error;
    const std::size_t taken = parser.put(boost::asio::buffer(input.data(), input.size()), error);
    input.erase(0, taken);
    if (error == http::error::need_more) return ReadState::wants_more;
    if (error) return std::unexpected(fault_of(error));
  }
  return parser.is_done() ? ReadState::complete : ReadState::wants_more;
}

template <typename Message>
std::vector<Header> headers_of(const Message& message) {
  std::vector<Header> headers;
  for (const auto& field : message) {
    headers.push_back({std::string(field.name_string()), std::string(field.value())});
  }
  return headers;
}

void append_headers(std::string& bytes, const std::vector<Header>& headers, std::size_t body_bytes,
                    bool keep_alive) {
  for (const Header& header : headers) bytes += fmt::format("{}: {}\r\n", header.name, header.value);
  bytes += fmt::format("Content-Length: {}\r\nConnection: {}\r\n\r\n", body_bytes,
                       keep_alive ? "keep-alive" : "close");
}

}  // namespace

std::string_view find_header(const std::vector<Header>& headers, std::string_view name) {
  const auto found = std::ranges::find_if(headers, [name](const Header& header) {
    return std::ranges::equal(header.name, name, {}, lower, lower);
  });
  return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

std::string to_bytes(const HttpRequest& request, std::string_view host) {
  std::string bytes = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, request.target, host);
  append_headers(bytes, request.headers, request.body.size(), request.keep_alive);
  return bytes + request.body;
}

std::string to_bytes(const HttpResponse& response, bool keep_alive) {
  const auto reason = http::obsolete_reason(http::int_to_status(response.status));
  std::string bytes =
      fmt::format("HTTP/1.1 {} {}\r\n", response.status, std::string_view(reason.data(), reason.size()));
  append_headers(bytes, response.headers, response.body.size(), keep_alive);
  return bytes + response.body;
}

bool is_header_safe(std::string_view text) {
  return std::ranges::all_of(text, [](char letter) { return letter > 0x20 && letter < 0x7f; });
}

// --- requests -------------------------------------------------------------------------------------------------

struct RequestReader::Parser : http::request_parser<http::string_body> {};

RequestReader::RequestReader(MessageLimits limits) : limits_(limits), parser_(std::make_unique<Parser>()) {
  set_up(*parser_, limits_);
}
RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader& RequestReader::operator=(RequestReader&&) noexcept = default;
RequestReader::~RequestReader() = default;

std::expected<ReadState, MessageFault> RequestReader::read(std::string& input) {
  return read_into(*parser_, input);
}

HttpRequest RequestReader::take() {
  auto message = parser_->release();
  HttpRequest request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  request.headers = headers_of(message);
  request.keep_alive = message.keep_alive();
  request.body = std::move(message.body());
  parser_ = std::make_unique<Parser>();
  set_up(*parser_, limits_);
  return request;
}

// --- responses ------------------------------------------------------------------------------------------------

struct ResponseReader::Parser : http::response_parser<http::string_body> {};

ResponseReader::ResponseReader(MessageLimits limits) : parser_(std::make_unique<Parser>()) {
  set_up(*parser_, limits);
}
ResponseReader::~ResponseReader() = default;

std::expected<ReadState, MessageFault> ResponseReader::read(std::string& input) {
  return read_into(*parser_, input);
}

std::expected<ReadState, MessageFault> ResponseReader::read_end() {
  if (!parser_->got_some()) return std::unexpected(MessageFault{502, "closed without an answer"});
  BoostError error;
  parser_->put_eof(error);
  if (error) return std::unexpected(MessageFault{502, error.message()});
  return ReadState::complete;
}

HttpResponse ResponseReader::take() {
  auto message = parser_->release();
  return {message.result_int(), headers_of(message), std::move(message.body())};
}

}  // namespace sonde::function
