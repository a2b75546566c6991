// ping_names_test.cpp: names in letters beyond ASCII, as destinations and as what -N asks about, beside the original.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include <clocale>
#include <fstream>

#include "compat/ping/idna.hpp"
#include "compat/ping_sides.hpp"

namespace sonde::compat_test {
namespace {

using compat::ping::encode_name;

class PingNames : public ::testing::Test {
 protected:
  ~PingNames() override { std::setlocale(LC_CTYPE, "C"); }
};

TEST_F(PingNames, AreEncodedAsTheLocaleSpellsThem) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  EXPECT_EQ(encode_name("bücher.example"), "xn--bcher-kva.example");
  EXPECT_EQ(encode_name("BÜcher.Example"), "xn--bcher-kva.example");
  EXPECT_EQ(encode_name("straße.example"), "xn--strae-oqa.example");
  EXPECT_EQ(encode_name("plain.example"), "plain.example");
  ASSERT_NE(std::setlocale(LC_CTYPE, "C"), nullptr);
  EXPECT_EQ(encode_name("bücher.example").error(), "could not convert string to UTF-8");
}

TEST_F(PingNames, LabelsOfMoreThan63LettersAreNone) {
  EXPECT_EQ(encode_name(std::string(63, 'a')), std::string(63, 'a'));
  EXPECT_EQ(encode_name(std::string(64, 'a')).error(), "domain label longer than 63 characters");
}

// In the process that will be ping: two hosts with such names, and no name server.
bool know_hosts() {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("none", "/media", "tmpfs", 0, nullptr) != 0)
    return false;
  std::ofstream("/media/hosts") << "10.77.0.1 xn--bcher-kva.example\nfd77::1 xn--strae-oqa.example\n";
  std::ofstream("/media/nsswitch.conf") << "hosts: files\n";
  return ::mount("/media/hosts", "/etc/hosts", nullptr, MS_BIND, nullptr) == 0 &&
         ::mount("/media/nsswitch.conf", "/etc/nsswitch.conf", nullptr, MS_BIND, nullptr) == 0;
}

TEST_F(PingNames, DestinationsAreFoundAndShownInTheUsersLetters) {
  constexpr std::string_view hosts = "host 10.77.0.1 fd77::1; delay 1ms\n";
  const lab::SimulatedNetwork for_original(hosts), for_face(hosts);
  for (const char* locale : {"C.UTF-8", "C"}) {
    for (const char* host : {"bücher.example", "xn--bcher-kva.example", "straße.example",
                             "xn--strae-oqa.example", "münchen.example", "10.77.0.1", "fd77::1"}) {
      SCOPED_TRACE(fmt::format("{} in {}", host, locale));
      const lab::Command command{.environment = {fmt::format("LC_ALL={}", locale)},
                                 .before_exec = know_hosts};
      expect_same(run_sides_together(for_original.space(), for_face.space(), "ping",
                                     {"-c", "1", "-W", "1", host}, command));
    }
  }
}

TEST_F(PingNames, SubjectsOfQueriesAreEncoded) {
  constexpr std::string_view host = "host fd77::1; node 0 data 00000000016100\n";
  lab::SimulatedNetwork for_original(host), for_face(host);
  const std::vector<std::string> names = {"bücher", "bücher.example", "BÜCHER.example", "straße.example",
                                          std::string(63, 'a')};
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    expect_same(run_sides_together(for_original.space(), for_face.space(), "ping",
                                   {"-N", "name", "-N", "subject-name=" + name, "-n", "-c", "1", "fd77::1"},
                                   {.environment = {"LC_ALL=C.UTF-8"}}));
  }
  const auto originals = for_original.record().requests, ours = for_face.record().requests;
  ASSERT_EQ(originals.size(), names.size());
  ASSERT_EQ(ours.size(), names.size());
  for (std::size_t i = 0; i < names.size(); ++i) EXPECT_EQ(ours[i].bytes, originals[i].bytes) << names[i];
  constexpr std::uint32_t header_and_nonce = 16;
  EXPECT_EQ(ours[0].bytes, header_and_nonce + 1 + std::string_view("xn--bcher-kva").size() + 2);
}

TEST_F(PingNames, SubjectsThatCannotBeEncodedEndIt) {
  const lab::Namespace space;
  for (const std::string& name :
       {std::string(64, 'a'), std::string("a-"), std::string("xn--a"), std::string("\xff")}) {
    for (const char* locale : {"C.UTF-8", "C"}) {
      SCOPED_TRACE(fmt::format("{} in {}", name, locale));
      expect_same(run_sides(space, "ping", {"-N", "subject-name=" + name, "::1"},
                            {.environment = {fmt::format("LC_ALL={}", locale)}}));
    }
  }
  expect_same(run_sides(space, "ping", {"-N", "subject-name=bücher", "::1"}));
}

}  // namespace
}  // namespace sonde::compat_test
