// ping_binary_test.cpp: the privilege of the system's ping.
#include "doctor/ping_binary.hpp"

#include <gtest/gtest.h>

#include <array>

#include "doctor/fake_root.hpp"

namespace sonde::doctor::testing {
namespace {

PingBinary with_attribute(std::uint32_t magic, std::uint32_t permitted) {
  std::array<std::byte, 20> bytes{};
  const auto put = [&bytes](std::size_t at, std::uint32_t word) {
    for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<std::byte>(word >> (8 * i) & 0xff);
  };
  put(0, magic);
  put(4, permitted);
  PingBinary ping;
  read_file_capability(bytes, ping);
  return ping;
}

TEST(FileCapability, IsReadFromItsAttribute) {
  const PingBinary effective = with_attribute(0x02000001, 1U << 13);
  EXPECT_TRUE(effective.has_capability);
  EXPECT_TRUE(effective.effective);
  const PingBinary permitted = with_attribute(0x02000000, 1U << 13);
  EXPECT_TRUE(permitted.has_capability);
  EXPECT_FALSE(permitted.effective);
  EXPECT_FALSE(with_attribute(0x02000001, 1U << 12).has_capability);
}

TEST(FileCapability, ThatIsCutIsNone) {
  PingBinary ping;
  read_file_capability(std::array<std::byte, 7>{}, ping);
  EXPECT_FALSE(ping.has_capability);
}

TEST(Ping, IsTheFirstInThePathThatCanBeRun) {
  namespace fs = std::filesystem;
  const FakeRoot root;
  root.write("opt/ping", "");  // not executable
  root.write("usr/local/bin/ping", "");
  root.write("usr/bin/ping", "");
  for (const char* file : {"usr/local/bin/ping", "usr/bin/ping"})
    fs::permissions(root.path() / file, fs::perms::owner_all);
  EXPECT_EQ(find_ping(root.path(), "relative:/opt:/usr/local/bin").path,
            (root.path() / "usr/local/bin/ping").string());
  EXPECT_EQ(find_ping(root.path(), "").path, (root.path() / "usr/bin/ping").string());
  EXPECT_EQ(find_ping(FakeRoot().path(), "/opt").path, "");
}

}  // namespace
}  // namespace sonde::doctor::testing
