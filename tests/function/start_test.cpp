// start_test.cpp: which way of being run the environment means.
#include "function/start.hpp"

#include <gtest/gtest.h>

namespace sonde::function {
namespace {

TEST(Choose, LambdasRuntimeApi) {
  EXPECT_EQ(choose({}, {.lambda_api = "127.0.0.1:9001", .port = "80"}),
            (Choice{FrontEnd::lambda, "127.0.0.1:9001"}));
}

TEST(Choose, TencentsRuntimeApi) {
  EXPECT_EQ(choose({}, {.scf_host = "127.0.0.1", .scf_port = "9001"}),
            (Choice{FrontEnd::scf, "127.0.0.1:9001"}));
}

TEST(Choose, AContainersPortOnEveryAddress) {
  EXPECT_EQ(choose({}, {.port = "8081"}), (Choice{FrontEnd::http, "0.0.0.0:8081"}));
  EXPECT_EQ(choose({}, {.fc_port = "9000", .port = "8081"}), (Choice{FrontEnd::http, "0.0.0.0:9000"}));
}

TEST(Choose, ThisHostAloneWhereNobodySaysMore) {
  EXPECT_EQ(choose({}, {}), (Choice{FrontEnd::http, "127.0.0.1:8080"}));
}

TEST(Choose, ListenDecidesForHttp) {
  EXPECT_EQ(choose({.listen = "[::1]:1234"}, {.lambda_api = "127.0.0.1:9001"}),
            (Choice{FrontEnd::http, "[::1]:1234"}));
}

TEST(Start, BrokenAllowedRangesAreNamedByTheirVariable) {
  const auto started = start({}, {.allowed = "10.0.0.0/99"}, -1);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(started.error().message().find("SONDE_ALLOW"), std::string::npos) << started.error().message();
}

TEST(Start, BrokenEndpointsAreErrors) {
  for (const char* endpoint :
       {"127.0.0.1", "127.0.0.1:", ":9001", "127.0.0.1:0", "127.0.0.1:99999", "127.0.0.1:x"}) {
    const auto started = start({}, {.lambda_api = endpoint}, -1);
    ASSERT_FALSE(started) << endpoint;
    EXPECT_EQ(started.error().code, ErrorCode::invalid_argument) << endpoint;
  }
}

}  // namespace
}  // namespace sonde::function
