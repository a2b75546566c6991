// printable_test.cpp: what a terminal would obey is shown as an escape.
#include "text/printable.hpp"

#include <gtest/gtest.h>

namespace sonde::text {
namespace {

TEST(Printable, HostileNameCannotDriveTheTerminal) {
  EXPECT_EQ(printable("a\x1b[2Jb"), "a\\x1b[2Jb");
  EXPECT_EQ(printable("a\nb\r\t"), "a\\x0ab\\x0d\\x09");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\x9b31m");  // C1 CSI
  EXPECT_EQ(printable("x\xff"), "x\\xff");
  EXPECT_EQ(printable("\xe2\x80\xae"
                      "gnp.exe"),
            "\\u202egnp.exe");  // right-to-left override
  EXPECT_EQ(printable("bücher.example"), "bücher.example");
}

}  // namespace
}  // namespace sonde::text
