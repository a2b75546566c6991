// local_files_test.cpp: the hosts file and nsswitch.conf as they are found in the wild.
#include "resolve/local_files.hpp"

#include <gtest/gtest.h>

#include "resolve/scratch_file.hpp"

namespace sonde::resolve {
namespace {

using test::ScratchFile;
using Names = std::vector<std::string>;

TEST(HostsFile, NamesAliasesCommentsAndBothFamilies) {
  const ScratchFile file(
      "# a comment\n"
      "127.0.0.1\tlocalhost\n"
      "  192.0.2.1   host.example\thost  # the host\r\n"
      "2001:db8::1 host.example\n"
      "not-an-address nothing\n"
      "192.0.2.77\n"
      "\n"
      "192.0.2.2 last");
  HostsFile hosts(file.path());
  const auto* entry = hosts.find("HOST.example.");
  ASSERT_NE(entry, nullptr);
  ASSERT_EQ(entry->addresses.size(), 2u);
  EXPECT_EQ(entry->addresses[0].to_string(), "192.0.2.1");
  EXPECT_EQ(entry->addresses[1].to_string(), "2001:db8::1");
  ASSERT_NE(hosts.find("host"), nullptr);
  EXPECT_EQ(hosts.find("host")->canonical_name, "host.example");
  EXPECT_NE(hosts.find("last"), nullptr);
  EXPECT_EQ(hosts.find("nothing"), nullptr);
  EXPECT_EQ(hosts.find("#"), nullptr);
  ASSERT_NE(hosts.name_of(*Address::parse("192.0.2.1")), nullptr);
  EXPECT_EQ(*hosts.name_of(*Address::parse("192.0.2.1")), "host.example");
  EXPECT_EQ(hosts.name_of(*Address::parse("192.0.2.77")), nullptr);
}

TEST(HostsFile, AMissingFileIsEmptyAndSeenWhenItComes) {
  std::string path;
  {
    const ScratchFile file("");
    path = file.path();
  }
  HostsFile hosts(path);
  EXPECT_EQ(hosts.find("host"), nullptr);
  std::ofstream(path) << "192.0.2.1 host\n";
  EXPECT_NE(hosts.find("host"), nullptr);
  std::filesystem::remove(path);
  EXPECT_EQ(hosts.find("host"), nullptr);
}

TEST(Nsswitch, ModulesInOrderWithoutActions) {
  const ScratchFile file(
      "passwd: files systemd\n"
      "hosts:\tmymachines resolve [!UNAVAIL=return success=continue] files mdns4_minimal [NOTFOUND=return] "
      "dns # all\n");
  EXPECT_EQ(nsswitch_host_modules(file.path()),
            (Names{"mymachines", "resolve", "files", "mdns4_minimal", "dns"}));
}

TEST(Nsswitch, WithoutAFileOrLineItIsFilesAndDns) {
  EXPECT_EQ(nsswitch_host_modules("/nonexistent/nsswitch.conf"), (Names{"files", "dns"}));
  const ScratchFile file("passwd: files\n");
  EXPECT_EQ(nsswitch_host_modules(file.path()), (Names{"files", "dns"}));
}

}  // namespace
}  // namespace sonde::resolve
