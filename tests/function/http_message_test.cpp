// http_message_test.cpp: HTTP messages from bytes in any pieces, within limits, and back.
#include "function/http_message.hpp"

#include <gmock/gmock.h>

namespace sonde::function {
namespace {

using testing::HasSubstr;

TEST(RequestReader, ReadsARequestInAnyPieces) {
  const std::string bytes = "POST /invoke?a=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhelloGET";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    RequestReader reader;
    std::string input;
    std::size_t at = 0;
    std::expected<ReadState, MessageFault> state = ReadState::wants_more;
    while (state && *state == ReadState::wants_more && at < bytes.size()) {
      input += bytes.substr(at, piece);
      at += piece;
      state = reader.read(input);
    }
    ASSERT_TRUE(state) << piece;
    ASSERT_EQ(*state, ReadState::complete) << piece;
    const HttpRequest request = reader.take();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/invoke?a=1");
    EXPECT_EQ(request.body, "hello");
    EXPECT_EQ(find_header(request.headers, "hOST"), "x");
    EXPECT_TRUE(request.keep_alive);
    EXPECT_TRUE(std::string("GET").starts_with(input)) << "what is behind it stays";
  }
}

TEST(RequestReader, ReadsOneAfterTheOther) {
  RequestReader reader;
  std::string input = "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.0\r\n\r\n";
  ASSERT_EQ(reader.read(input), ReadState::complete);
  EXPECT_EQ(reader.take().target, "/a");
  ASSERT_EQ(reader.read(input), ReadState::complete);
  const HttpRequest second = reader.take();
  EXPECT_EQ(second.target, "/b");
  EXPECT_FALSE(second.keep_alive);
}

TEST(RequestReader, ReadsAChunkedBody) {
  RequestReader reader;
  std::string input =
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  ASSERT_EQ(reader.read(input), ReadState::complete);
  EXPECT_EQ(reader.take().body, "abcde");
}

TEST(RequestReader, ReadsAChunkedBodyInAnyPieces) {
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const auto& [chunks, body] :
       {std::pair("0\r\n\r\n", ""), std::pair("3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n", "abcd"),
        std::pair("1\r\na\r\n0\r\nTrailer: t\r\n\r\n", "a")}) {
    const std::string bytes = head + chunks;
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
      RequestReader reader;
      std::string input;
      std::expected<ReadState, MessageFault> state = ReadState::wants_more;
      for (std::size_t at = 0; at < bytes.size() && state; at += piece) {
        ASSERT_EQ(*state, ReadState::wants_more) << "before the end";
        input += bytes.substr(at, piece);
        state = reader.read(input);
      }
      ASSERT_TRUE(state) << piece << ": " << state.error().what;
      ASSERT_EQ(*state, ReadState::complete) << piece;
      EXPECT_EQ(reader.take().body, body);
    }
  }
}

unsigned status_of(std::string bytes, MessageLimits limits = {}) {
  RequestReader reader(limits);
  const auto state = reader.read(bytes);
  return state ? 0 : state.error().status;
}

TEST(RequestReader, RefusesWhatPassesALimit) {
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nX: " + std::string(500, 'a'), {.header_bytes = 200}), 431u);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nX: " + std::string(500, 'a') + "\r\n\r\n", {.header_bytes = 200}),
            431u);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n", {.body_bytes = 10}), 413u);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n",
                      {.body_bytes = 10}),
            413u);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"), 400u);
}

TEST(RequestReader, RefusesWhatIsNoRequest) {
  for (const char* bytes :
       {"\x16\x03\x01\x02\x00\x01\xfc\x03", "GET / HTTP/1.1\r\nX\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
        "GET  HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"}) {
    EXPECT_EQ(status_of(bytes), 400u) << bytes;
  }
}

TEST(ResponseReader, ReadsAResponseWithALengthAndOneWithout) {
  ResponseReader with;
  std::string input = "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 7\r\nContent-Length: 2\r\n\r\n{}";
  ASSERT_EQ(with.read(input), ReadState::complete);
  const HttpResponse response = with.take();
  EXPECT_EQ(response.status, 200u);
  EXPECT_EQ(find_header(response.headers, "lambda-runtime-aws-request-id"), "7");
  EXPECT_EQ(response.body, "{}");

  ResponseReader without;
  input = "HTTP/1.0 202 Accepted\r\n\r\nabc";
  ASSERT_EQ(without.read(input), ReadState::wants_more);
  ASSERT_EQ(without.read_end(), ReadState::complete);
  EXPECT_EQ(without.take().body, "abc");
}

TEST(ResponseReader, AResponseThatIsCutIsAFault) {
  ResponseReader nothing;
  EXPECT_FALSE(nothing.read_end());
  ResponseReader cut;
  std::string input = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nabc";
  ASSERT_EQ(cut.read(input), ReadState::wants_more);
  EXPECT_FALSE(cut.read_end());
}

TEST(ToBytes, WhatIsWrittenIsReadBack) {
  RequestReader reader;
  std::string bytes = to_bytes(HttpRequest{"POST", "/x?y", {{"A", "b"}}, "body", true}, "127.0.0.1:9001");
  ASSERT_EQ(reader.read(bytes), ReadState::complete);
  const HttpRequest request = reader.take();
  EXPECT_EQ(request.target, "/x?y");
  EXPECT_EQ(request.body, "body");
  EXPECT_EQ(find_header(request.headers, "Host"), "127.0.0.1:9001");
  EXPECT_EQ(find_header(request.headers, "A"), "b");
  EXPECT_THAT(to_bytes(HttpResponse{503, {}, {}}, false), HasSubstr("HTTP/1.1 503 Service Unavailable\r\n"));
}

}  // namespace
}  // namespace sonde::function
