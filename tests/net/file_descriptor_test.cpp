// file_descriptor_test.cpp: who closes a descriptor, and when.
#include "net/file_descriptor.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

namespace sonde::net {
namespace {

int open_one() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}
bool is_open(int descriptor) {
  return ::fcntl(descriptor, F_GETFD) >= 0;
}

TEST(FileDescriptor, ClosesWhatItOwns) {
  const int descriptor = open_one();
  {
    const FileDescriptor owner(descriptor);
    EXPECT_TRUE(owner);
    EXPECT_EQ(owner.get(), descriptor);
  }
  EXPECT_FALSE(is_open(descriptor));
}

TEST(FileDescriptor, OwnsNothingAtFirst) {
  const FileDescriptor owner;
  EXPECT_FALSE(owner);
  EXPECT_EQ(owner.get(), -1);
}

TEST(FileDescriptor, MovingHandsOwnershipOn) {
  const int descriptor = open_one();
  FileDescriptor first(descriptor);
  FileDescriptor second(std::move(first));
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move)
  const int replaced = open_one();
  FileDescriptor third(replaced);
  third = std::move(second);
  EXPECT_EQ(third.get(), descriptor);
  EXPECT_TRUE(is_open(descriptor));
  EXPECT_FALSE(is_open(replaced));
}

TEST(FileDescriptor, MovingOntoItselfKeepsIt) {
  const int descriptor = open_one();
  FileDescriptor owner(descriptor);
  FileDescriptor& alias = owner;
  owner = std::move(alias);
  EXPECT_TRUE(is_open(descriptor));
}

TEST(FileDescriptor, ReleaseLeavesClosingToTheCaller) {
  const int descriptor = open_one();
  {
    FileDescriptor owner(descriptor);
    EXPECT_EQ(owner.release(), descriptor);
  }
  EXPECT_TRUE(is_open(descriptor));
  ::close(descriptor);
}

TEST(FileDescriptor, ResetClosesTheOldOne) {
  const int descriptor = open_one();
  FileDescriptor owner(descriptor);
  owner.reset();
  EXPECT_FALSE(is_open(descriptor));
  EXPECT_FALSE(owner);
}

}  // namespace
}  // namespace sonde::net
