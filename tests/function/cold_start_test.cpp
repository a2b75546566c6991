// cold_start_test.cpp: how soon after its start the program asks for its first event, under the name runtimes give it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "function/function_program.hpp"
#include "function/runtime_server.hpp"
#include "lab/network.hpp"
#include "net/network_namespace.hpp"

namespace sonde::function::test {
namespace {

using SteadyClock = std::chrono::steady_clock;

TEST(ColdStart, AsksForItsFirstEventWithinTenMilliseconds) {
  const lab::ScratchDirectory directory;
  const auto bootstrap = directory.path() / "bootstrap";
  std::filesystem::create_symlink(SONDE_PROGRAM, bootstrap);
  net::testing::in_network_namespace([&] {
    auto best = SteadyClock::duration::max();
    for (int i = 0; i < 10; ++i) {
      RuntimeServer server(RuntimeServer::Kind::lambda);
      const auto begun = SteadyClock::now();
      const lab::Process program({.arguments = {bootstrap}, .environment = server.environment()});
      ASSERT_TRUE(server.wait_until_idle()) << "bootstrap is no function";
      best = std::min(best, server.first_next() - begun);
    }
    EXPECT_LE(std::chrono::duration<double>(best).count(), 0.010);
  });
}

}  // namespace
}  // namespace sonde::function::test
