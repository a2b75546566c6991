// target_list_test.cpp: targets from words, files and ranges, and what becomes of broken ones.
#include "cli/target_list.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/target_file.hpp"
#include "text/host_name.hpp"
#include "text/utf8.hpp"

namespace sonde::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

// Feeds `text` in pieces of `piece` bytes and returns the list, or fails the test.
TargetList read_text(std::string_view text, std::size_t piece = 65536, TargetRules rules = {}) {
  TargetList list;
  TargetFileReader reader("hosts.txt", rules, list);
  for (std::size_t at = 0; at < text.size(); at += piece) {
    const auto fed = reader.feed(text.substr(at, piece));
    EXPECT_TRUE(fed) << fed.error().message;
  }
  EXPECT_TRUE(reader.finish());
  return list;
}

std::vector<std::string> texts(const TargetList& list) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < list.size(); ++i) result.push_back(list[i].text);
  return result;
}

std::vector<std::string> labels(const TargetList& list) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < list.size(); ++i) result.push_back(list[i].label);
  return result;
}

TargetList expand(const PingOptions& options) {
  auto list = expand_targets(options);
  if (list) return std::move(*list);
  ADD_FAILURE() << list.error().message;
  return {};
}

std::string expand_error(const PingOptions& options) {
  const auto list = expand_targets(options);
  if (list) return "(accepted)";
  EXPECT_EQ(list.error().status, ExitStatus::usage);
  return list.error().message;
}

class TargetFiles : public testing::Test {
 protected:
  TargetFiles() {
    std::string name = (std::filesystem::temp_directory_path() / "sonde-targets-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  ~TargetFiles() override { std::filesystem::remove_all(directory_); }

  std::string file(const std::string& name, const std::string& text) {
    const std::string path = directory_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  std::filesystem::path directory_;
};

TEST(TargetFile, CommentsBlankLinesLabelsAndEveryLineEnd) {
  const TargetList list = read_text(
      "# all our hosts\n"
      "\n"
      "192.0.2.1\n"
      "  192.0.2.2\tcore router  \r\n"
      "\r\n"
      "   # indented\n"
      "example.net web # in the hall\n"
      "2001:db8::1 rack#3\n"
      "last");
  EXPECT_THAT(texts(list), ElementsAre("192.0.2.1", "192.0.2.2", "example.net", "2001:db8::1", "last"));
  EXPECT_THAT(labels(list), ElementsAre("", "core router", "web", "rack#3", ""));
  EXPECT_THAT(list.warnings(), IsEmpty());
  EXPECT_EQ(list[0].address, Address::ipv4(0xc0000201));
  EXPECT_EQ(list[2].address, std::nullopt);
}

TEST(TargetFile, PiecesOfAnySizeGiveTheSame) {
  const std::string text =
      "\xef\xbb\xbf"
      "a one\r\n\nb # c\nbad..name\nd";
  for (std::size_t piece = 1; piece < 12; ++piece) {
    const TargetList list = read_text(text, piece);
    EXPECT_THAT(texts(list), ElementsAre("a", "b", "d")) << piece;
    EXPECT_THAT(list.warnings(), ElementsAre("hosts.txt:4: \"bad..name\" is neither an address nor a name"))
        << piece;
  }
}

TEST(TargetFile, AByteOrderMarkIsLeftOut) {
  EXPECT_THAT(texts(read_text("\xef\xbb\xbf"
                              "a\n")),
              ElementsAre("a"));
}

TEST(TargetFile, BrokenLinesAreReportedAndTheRestGoesOn) {
  const TargetList list = read_text(
      "ok1\n10.0.0.300\nok2\n10.0.0.0/24\nfe80::1\nhttp://example.net/"
      "\nfe80::1%nope\nb\x1b[2Jell\n-c\nok3\n");
  EXPECT_THAT(texts(list), ElementsAre("ok1", "ok2", "ok3"));
  EXPECT_THAT(list.warnings(),
              ElementsAre("hosts.txt:2: \"10.0.0.300\" is neither an address nor a name",
                          "hosts.txt:4: \"10.0.0.0/24\" is a range of addresses; use -g for it",
                          StartsWith("hosts.txt:5: \"fe80::1\" is link-local"),
                          "hosts.txt:6: \"http://example.net/\" is neither an address nor a name",
                          "hosts.txt:7: \"fe80::1%nope\" names an interface that does not exist",
                          "hosts.txt:8: \"b\\x1b[2Jell\" has control characters",
                          "hosts.txt:9: \"-c\" is neither an address nor a name"));
}

TEST(TargetFile, TargetsOfTheOtherFamilyAreLeftOut) {
  const TargetList list = read_text("127.0.0.1\n::1\nname\n", 65536, {.family = Family::ipv6});
  EXPECT_THAT(texts(list), ElementsAre("::1", "name"));
  EXPECT_THAT(list.warnings(), ElementsAre(HasSubstr("hosts.txt:1: \"127.0.0.1\" is IPv4")));
}

TEST(TargetFile, ManyBrokenLinesAreCounted) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += i % 100 == 0 ? "bad..name\n" : "host\n";
  const TargetList list = read_text(text);
  EXPECT_EQ(list.size(), 9'900u);
  ASSERT_THAT(list.warnings(), SizeIs(TargetFileReader::most_warnings + 1));
  EXPECT_THAT(list.warnings()[9], StartsWith("hosts.txt:901: "));
  EXPECT_EQ(list.warnings().back(), "hosts.txt: 90 more broken lines are left out");
}

TEST(TargetFile, ALineOfTenMegabytesIsOneBrokenLine) {
  const TargetList list = read_text("a\n" + std::string(10'000'000, 'x') + "\nb\n" + std::string(5000, 'y'));
  EXPECT_THAT(texts(list), ElementsAre("a", "b"));
  EXPECT_THAT(list.warnings(), ElementsAre("hosts.txt:2: line longer than 4096 bytes",
                                           "hosts.txt:4: line longer than 4096 bytes"));
}

TEST(TargetFile, TheLongestLineIsStillTaken) {
  const std::string label(TargetFileReader::longest_line_bytes - 2, 'l');
  EXPECT_THAT(labels(read_text("a " + label + "\nb\n")), ElementsAre(label, ""));
}

TEST(TargetFile, ABinaryFileIsRefusedAtOnce) {
  TargetList list;
  TargetFileReader reader("hosts.bin", {}, list);
  const auto fed =
      reader.feed(std::string_view("\x7f"
                                   "ELF\0\0",
                                   6));
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().message, "sonde: hosts.bin: is a binary file, not a list of targets");
  EXPECT_TRUE(list.empty());
}

TEST(TargetFile, AZeroByteFarInBreaksOnlyItsLine) {
  const std::string text = std::string(5000, '\n') + std::string("a\0b\nc\n", 6);
  const TargetList list = read_text(text);
  EXPECT_THAT(texts(list), ElementsAre("c"));
  EXPECT_THAT(list.warnings(), ElementsAre("hosts.txt:5001: \"a\\x00b\" has control characters"));
}

TEST(TargetFile, ALabelThatIsNotUtf8IsLeftOut) {
  const TargetList list = read_text("a M\xfcnchen\nb M\xc3\xbcnchen\n");
  EXPECT_THAT(labels(list), ElementsAre("", "M\xc3\xbcnchen"));
  EXPECT_THAT(list.warnings(), SizeIs(1));
}

TEST_F(TargetFiles, WordsThenFilesThenRanges) {
  PingOptions options;
  options.targets = {"one", "one"};
  options.ranges = {"192.0.2.0/30", "2001:db8::1-2001:db8::2"};
  options.files = {file("a", "two label\n"), file("b", "three\n")};
  const TargetList list = expand(options);
  EXPECT_THAT(texts(list), ElementsAre("one", "one", "two", "three", "192.0.2.1", "192.0.2.2", "2001:db8::1",
                                       "2001:db8::2"));
  EXPECT_EQ(list[2].label, "label");
  EXPECT_EQ(list[5].address, Address::ipv4(0xc0000202));
}

TEST_F(TargetFiles, TroubleWithAFileNamesItAndTheReason) {
  PingOptions options;
  options.targets = {"one"};
  options.files = {directory_ / "missing"};
  EXPECT_EQ(expand_error(options),
            "sonde: cannot read targets: " + options.files[0] + ": ENOENT (No such file or directory)");
  options.files = {directory_};
  EXPECT_EQ(expand_error(options),
            "sonde: cannot read targets: " + options.files[0] + ": EISDIR (Is a directory)");
}

TEST_F(TargetFiles, AFileWithoutAnyTargetIsAnErrorThatSaysWhy) {
  PingOptions options;
  options.files = {file("empty", "# nothing\n")};
  EXPECT_EQ(expand_error(options), "sonde: no target in " + options.files[0]);
  options.files = {file("broken", "a..b\n")};
  EXPECT_EQ(expand_error(options), "sonde: " + options.files[0] +
                                       ":1: \"a..b\" is neither an address nor a name\n" +
                                       "sonde: no target in " + options.files[0]);
}

TEST(Ranges, NetworkAndBroadcastAreLeftOutOfIpv4PrefixesOnly) {
  PingOptions options;
  options.ranges = {"192.0.2.0/29"};
  EXPECT_EQ(expand(options).size(), 6u);
  options.ranges = {"192.0.2.0/31"};
  EXPECT_THAT(texts(expand(options)), ElementsAre("192.0.2.0", "192.0.2.1"));
  options.ranges = {"192.0.2.7/32"};
  EXPECT_THAT(texts(expand(options)), ElementsAre("192.0.2.7"));
  options.ranges = {"192.0.2.0-192.0.2.7"};
  EXPECT_EQ(expand(options).size(), 8u);
  options.ranges = {"2001:db8::/125"};
  EXPECT_EQ(expand(options).size(), 8u);
}

TEST(Ranges, ManyMembersCostNoMemoryEach) {
  PingOptions options;
  options.ranges = {"10.0.0.0/12", "10.64.0.0/12"};
  const TargetList list = expand(options);
  ASSERT_EQ(list.size(), 2u * 1'048'574);
  EXPECT_EQ(list[0].text, "10.0.0.1");
  EXPECT_EQ(list[1'048'573].text, "10.15.255.254");
  EXPECT_EQ(list[1'048'574].text, "10.64.0.1");
  EXPECT_EQ(list[2 * 1'048'574 - 1].text, "10.79.255.254");
}

TEST(Ranges, MoreThanARunTakesIsAnErrorWithAdvice) {
  PingOptions options;
  options.ranges = {"10.0.0.0/8"};
  EXPECT_EQ(expand_error(options),
            "sonde: --generate: with \"10.0.0.0/8\" of 16777214 addresses there are more than 4194304 "
            "targets; split it "
            "over several runs");
  options.ranges = {"10.0.0.0/11", "10.32.0.0/11", "10.64.0.0/24"};
  EXPECT_THAT(expand_error(options), HasSubstr("\"10.64.0.0/24\""));
  options.ranges = {"2001:db8::/64"};
  EXPECT_THAT(expand_error(options), HasSubstr("more than 4194304 targets"));
  options.ranges = {"::/0"};
  EXPECT_THAT(expand_error(options), HasSubstr("more than 4194304 targets"));
}

TEST(Ranges, AFileMayNotHoldMoreThanARunTakes) {
  TargetList list;
  ASSERT_TRUE(list.add(*AddressRange::parse("10.0.0.0/10")));
  TargetFileReader reader("hosts.txt", {}, list);
  const auto fed = reader.feed("a\nb\nc\n");
  ASSERT_FALSE(fed);
  EXPECT_THAT(fed.error().message, StartsWith("sonde: hosts.txt:3: more than 4194304 targets"));
}

}  // namespace
}  // namespace sonde::cli
