// timing_test.cpp: `sonde doctor` answers while somebody waits.
#include <gtest/gtest.h>

#include <chrono>

#include "lab/network.hpp"
#include "lab/process.hpp"

namespace sonde::doctor::testing {
namespace {

TEST(Doctor, IsDoneWithinOneAndAHalfSecondsWithoutATarget) {
  const lab::Namespace space;
  for (const lab::User user : {lab::User::root, lab::User::ordinary}) {
    const auto began = std::chrono::steady_clock::now();
    const lab::Finished finished = space.run({.arguments = {SONDE_PROGRAM, "doctor"}, .user = user});
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(1500));
    EXPECT_EQ(finished.status, 0) << finished.errors;
  }
}

}  // namespace
}  // namespace sonde::doctor::testing
