// error_test.cpp: what an error says.
#include "sonde/error.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "sonde/version.hpp"

namespace sonde {
namespace {

TEST(Error, MessageNamesWhatSubjectErrnoAndHint) {
  const Error error = Error::from_errno(EPERM, "cannot set the mark", "7", "needs CAP_NET_ADMIN");
  EXPECT_EQ(error.message(), "cannot set the mark: 7: EPERM (Operation not permitted); needs CAP_NET_ADMIN");
}

TEST(Error, MessageLeavesOutWhatIsEmpty) {
  EXPECT_EQ(Error::invalid("a count is at least 1").message(), "a count is at least 1");
  EXPECT_EQ(Error::invalid("a count is at least 1", "0").message(), "a count is at least 1: 0");
  EXPECT_EQ(Error::from_errno(ENOBUFS, "cannot send").message(),
            "cannot send: ENOBUFS (No buffer space available)");
  EXPECT_EQ(Error::invalid("not an address", {}, "write 192.0.2.1").message(),
            "not an address; write 192.0.2.1");
}

TEST(Error, CodeFollowsFromErrno) {
  EXPECT_EQ(Error::from_errno(EACCES, "x").code, ErrorCode::permission_denied);
  EXPECT_EQ(Error::from_errno(EPERM, "x").code, ErrorCode::permission_denied);
  EXPECT_EQ(Error::from_errno(EMFILE, "x").code, ErrorCode::resource_limit);
  EXPECT_EQ(Error::from_errno(ENFILE, "x").code, ErrorCode::resource_limit);
  EXPECT_EQ(Error::from_errno(ENODEV, "x").code, ErrorCode::not_found);
  EXPECT_EQ(Error::from_errno(EADDRNOTAVAIL, "x").code, ErrorCode::unavailable);
  EXPECT_EQ(Error::from_errno(EIO, "x").code, ErrorCode::system);
  EXPECT_EQ(Error::from_errno(EIO, "x").system_errno, EIO);
}

TEST(ErrnoName, IsSymbolicWhereThereIsOne) {
  EXPECT_EQ(errno_name(EHOSTUNREACH), "EHOSTUNREACH");
  EXPECT_EQ(errno_name(4095), "E4095");
  EXPECT_EQ(errno_name(0), "E0");
}

TEST(Error, OfAnUnknownNumberIsStillReadable) {
  EXPECT_EQ(Error::from_errno(4095, "cannot send").message(), "cannot send: E4095");
}

TEST(Version, HasThreeNumbers) {
  EXPECT_EQ(std::ranges::count(version(), '.'), 2);
  EXPECT_EQ(version().find_first_not_of("0123456789."), std::string_view::npos) << version();
}

}  // namespace
}  // namespace sonde
