// What is left of root's privileges while a face measures: nothing, once its sockets are open; oping opens one in mid-run
// when a name's family calls for it, and keeps what that takes permitted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <string>

#include "compat/sides.hpp"

namespace sonde::compat_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct Case {
  const char* tool;
  Words words;
  const char* shows;  // when it measures
  const char* permitted;
};

class FacePrivilege : public ::testing::TestWithParam<Case> {};

TEST_P(FacePrivilege, IsNotInForceWhileItMeasures) {
  const lab::Namespace space;
  space.open_ping_sockets(false);  // so that all take raw sockets
  lab::Process process = space.start(face(GetParam().tool, GetParam().words));
  ASSERT_TRUE(process.wait_for_output(GetParam().shows)) << process.errors();
  std::ifstream file("/proc/" + std::to_string(process.id()) + "/status");
  const std::string status{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(status,
              AllOf(HasSubstr("CapEff:\t0000000000000000"),
                    HasSubstr("CapPrm:\t" + std::string(GetParam().permitted)), HasSubstr("NoNewPrivs:\t1")));
  process.signal(SIGINT);
  EXPECT_EQ(process.wait().status, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Faces, FacePrivilege,
    ::testing::Values(Case{"ping", {"-i", "0.05", "127.0.0.1"}, "icmp_seq=3", "0000000000000000"},
                      Case{"fping", {"-l", "-p", "50", "127.0.0.1", "::1"}, "[3]", "0000000000000000"},
                      Case{"oping", {"-i", "0.05", "127.0.0.1"}, "icmp_seq=3", "0000000000003000"}),
    [](const auto& named) { return std::string(named.param.tool); });

}  // namespace
}  // namespace sonde::compat_test
