// escapes_test.cpp: nothing that an argument or a file holds drives the terminal: every command and every tool that sonde
// stands in for, given names with control characters, writes them escaped.
#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "text/printable.hpp"
#include "trouble/program.hpp"

namespace sonde::trouble {
namespace {

// Escape sequences, a second line, a line written over, C1 in one byte and in UTF-8, what is no UTF-8, DEL.
const Words hostile = {"\x1b[31mred",  "a\nzzz", "a\rb", "\x9b[31m",
                       "\xc2\x9b[31m", "\xff",   "\x7f", "a\x1b]0;t\x07"};

struct Line {
  std::string program;  // a tool of the faces, or "sonde"
  Words arguments;      // '@' stands for the hostile text, '%' for a file that holds it
};

void PrintTo(const Line& line, std::ostream* out) {
  *out << line.program;
  for (const std::string& word : line.arguments) *out << ' ' << word;
}

std::vector<Line> lines() {
  return {
      {"sonde", {"ping", "-c", "1", "@"}},
      {"sonde", {"ping", "-c", "@", "::1"}},
      {"sonde", {"ping", "--@", "::1"}},
      {"sonde", {"ping", "--count=@", "::1"}},
      {"sonde", {"ping", "--interface", "@", "-c", "1", "::1"}},
      {"sonde", {"ping", "--source", "@", "::1"}},
      {"sonde", {"ping", "--format", "@", "::1"}},
      {"sonde", {"ping", "--transport", "@", "::1"}},
      {"sonde", {"ping", "--pcap", "/nonexistent/@", "::1"}},
      {"sonde", {"ping", "-c", "1", "-f", "%"}},
      {"sonde", {"ping", "-c", "1", "-f", "%", "127.0.0.1"}},
      {"sonde", {"ping", "-f", "/nonexistent/@"}},
      {"sonde", {"ping", "-g", "@"}},
      {"sonde", {"@"}},
      {"sonde", {"-@"}},
      {"sonde", {"sweep", "@"}},
      {"sonde", {"sweep", "%"}},
      {"sonde", {"sweep", "--dry-run", "%", "192.0.2.1", "--allow-special"}},
      {"sonde", {"sweep", "--exclude", "@", "192.0.2.1"}},
      {"sonde", {"sweep", "--exclude-file", "%", "192.0.2.1"}},
      {"sonde", {"sweep", "--exclude-file", "/nonexistent/@", "192.0.2.1"}},
      {"sonde", {"sweep", "--fields", "@", "192.0.2.1"}},
      {"sonde", {"sweep", "--filter", "@", "192.0.2.1"}},
      {"sonde", {"sweep", "--filter", "ttl = '@'", "192.0.2.1"}},
      {"sonde", {"sweep", "--output", "/nonexistent/@", "--allow-special", "127.0.0.1"}},
      {"sonde", {"sweep", "--resume", "/nonexistent/@", "127.0.0.1"}},
      {"sonde", {"sweep", "--interface", "@", "--allow-special", "127.0.0.1"}},
      {"sonde", {"explain", "@"}},
      {"sonde", {"explain", "--interface", "@", "127.0.0.1"}},
      {"sonde", {"explain", "--svg", "/nonexistent/@", "127.0.0.1"}},
      {"sonde", {"doctor", "@"}},
      {"sonde", {"function", "--listen", "@"}},
      {"sonde", {"function", "--allow", "@"}},
      {"sonde", {"completions", "@"}},
      {"ping", {"-c", "1", "@"}},
      {"ping", {"-c", "@", "127.0.0.1"}},
      {"ping", {"-c", "1", "-i", "@", "127.0.0.1"}},
      {"ping", {"-I", "@", "-c", "1", "127.0.0.1"}},
      {"ping", {"-p", "@", "127.0.0.1"}},
      {"ping", {"-M", "@", "127.0.0.1"}},
      {"ping", {"-N", "subject-ipv6=@", "::1"}},
      {"ping", {"-N", "subject-name=@", "-c", "1", "-w", "1", "::1"}},
      {"ping", {"-v", "-c", "1", "@"}},
      {"ping", {"-@", "127.0.0.1"}},
      {"fping", {"@"}},
      {"fping", {"-C", "1", "@", "127.0.0.1"}},
      {"fping", {"-f", "%"}},
      {"fping", {"-f", "/nonexistent/@"}},
      {"fping", {"-g", "@"}},
      {"fping", {"-g", "@/24"}},
      {"fping", {"-I", "@", "127.0.0.1"}},
      {"fping", {"-S", "@", "127.0.0.1"}},
      {"fping", {"-c", "@", "127.0.0.1"}},
      {"fping", {"--@", "127.0.0.1"}},
      {"oping", {"-c", "1", "@"}},
      {"oping", {"-c", "@", "-h"}},
      {"oping", {"-c", "1", "-f", "%"}},
      {"oping", {"-f", "/nonexistent/@"}},
      {"oping", {"-c", "1", "-I", "@", "127.0.0.1"}},
      {"oping", {"-c", "1", "-D", "@", "127.0.0.1"}},
      {"oping", {"-O", "/nonexistent/@", "127.0.0.1"}},
      {"oping", {"-Q", "@", "127.0.0.1"}},
      {"oping", {"-Z", "@", "-c", "1", "127.0.0.1"}},
      {"noping", {"-g", "@", "-h"}},
  };
}

// Nothing but newlines and tabs controls anything, and no line begins with what stands behind a newline in a name.
bool is_harmless(const std::string& text, bool from_file) {
  return text::printable_lines(text) == text && (from_file || !("\n" + text).contains("\nzzz"));
}

class Escapes : public ::testing::TestWithParam<Line> {};

TEST_P(Escapes, WhatIsWrittenHoldsNoControlCharacter) {
  const Loopback space;
  const ScratchDirectory directory;
  for (const std::string& text : hostile) {
    const std::string file = directory.write("targets", text + "\n" + text + " label\n");
    Words words = {GetParam().program == "sonde" ? SONDE_PROGRAM : SONDE_FACES "/" + GetParam().program};
    for (std::string word : GetParam().arguments) {
      if (const auto at = word.find('@'); at != std::string::npos) word.replace(at, 1, text);
      words.push_back(word == "%" ? file : word);
    }
    const Finished finished = space.run(
        {.arguments = words, .time_limit = std::chrono::seconds(15), .environment = {"LC_ALL=C.UTF-8"}});
    const bool from_file = std::ranges::find(GetParam().arguments, "%") != GetParam().arguments.end();
    const std::string shown = testing::PrintToString(text);
    EXPECT_FALSE(finished.timed_out) << shown;
    EXPECT_TRUE(is_harmless(finished.output, from_file))
        << shown << ": " << testing::PrintToString(finished.output);
    EXPECT_TRUE(is_harmless(finished.errors, from_file))
        << shown << ": " << testing::PrintToString(finished.errors);
  }
}

INSTANTIATE_TEST_SUITE_P(Lines, Escapes, ::testing::ValuesIn(lines()),
                         [](const auto& instance) { return std::to_string(instance.index); });

}  // namespace
}  // namespace sonde::trouble
