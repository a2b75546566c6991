// documents_test.cpp: help, man page and completions: complete, in form, and readable by the tools they are
// for.
#include "cli/documents.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/option_table.hpp"

namespace sonde::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::size_t occurrences(std::string_view text, std::string_view word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + word.size()))
    ++count;
  return count;
}

// A text in a file of its own, gone with the object.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& text) {
    std::string name = (std::filesystem::temp_directory_path() / "sonde-documents-XXXXXX").string();
    const int descriptor = ::mkstemp(name.data());
    EXPECT_GE(descriptor, 0);
    ::close(descriptor);
    path_ = name;
    std::ofstream(path_) << text;
  }
  ~ScratchFile() { std::filesystem::remove(path_); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// What `command FILE` writes to both outputs. Skips the test when the tool is not installed.
std::string output_of(const std::string& command, const std::string& path) {
  std::string output;
  std::FILE* pipe = ::popen((command + " " + path + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return "cannot run";
  std::array<char, 4096> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) output += buffer.data();
  if (::pclose(pipe) != 0 && output.empty()) output = "failed without a word";
  return output;
}

bool is_installed(const std::string& tool) {
  return std::system(("command -v " + tool + " >/dev/null").c_str()) == 0;
}

TEST(Table, LongAndShortNamesAreUnique) {
  std::set<std::string_view> long_names;
  std::set<char> short_names;
  for (const OptionSpec& option : subcommand_table().front()->options) {
    EXPECT_TRUE(long_names.insert(option.long_name).second) << option.long_name;
    if (option.short_name == 0) continue;
    EXPECT_TRUE(short_names.insert(option.short_name).second) << option.short_name;
  }
}

TEST(Table, EveryRowIsWhole) {
  for (const OptionSpec& option : subcommand_table().front()->options) {
    EXPECT_NE(option.apply == nullptr, option.document == nullptr) << option.long_name;
    EXPECT_FALSE(option.help.empty()) << option.long_name;
    EXPECT_FALSE(option.help.ends_with('.')) << option.long_name;
    EXPECT_TRUE(option.details.empty() || option.details.ends_with('.')) << option.long_name;
    EXPECT_TRUE(option.choices.empty() || option.takes_value()) << option.long_name;
  }
}

TEST(Help, FitsEightyColumns) {
  for (const Document document : {Document::overview, Document::subcommand_help}) {
    for (const std::string& line : lines_of(make_document({document}))) {
      EXPECT_LE(line.size(), 80u) << line;
      EXPECT_FALSE(line.ends_with(' ')) << line;
    }
  }
}

TEST(Help, ListsEachVisibleOptionOnce) {
  const auto lines = lines_of(make_document({Document::subcommand_help}));
  for (const OptionSpec& option : subcommand_table().front()->options) {
    std::string start = option.short_name != 0 ? std::string("  -") + option.short_name + ", " : "      ";
    start += "--" + std::string(option.long_name);
    const auto rows = std::ranges::count_if(lines, [&](const std::string& line) {
      return line.starts_with(start) && (line.size() == start.size() || line[start.size()] == ' ');
    });
    EXPECT_EQ(rows, option.hidden ? 0 : 1) << option.long_name;
  }
}

TEST(Help, OverviewNamesEverySubcommand) {
  const std::string text = make_document({Document::overview});
  for (const SubcommandSpec* subcommand : subcommand_table()) {
    EXPECT_THAT(text, HasSubstr("\n  " + std::string(subcommand->name) + " "));
  }
}

TEST(Help, VersionIsOneLine) {
  EXPECT_EQ(make_document({Document::version}), "sonde 0.1.0\n");
}

TEST(ManPage, HasEachVisibleOptionOnceForEachSubcommand) {
  const std::string page = make_document({Document::man_page});
  std::map<std::string_view, std::size_t> expected;
  for (const SubcommandSpec* subcommand : subcommand_table()) {
    for (const OptionSpec& option : subcommand->options) expected[option.long_name] += option.hidden ? 0 : 1;
  }
  for (const auto& [long_name, count] : expected) {
    std::string name;
    for (const char c : long_name) name += c == '-' ? std::string("\\-") : std::string(1, c);
    EXPECT_EQ(occurrences(page, "\\fB\\-\\-" + name + "\\fR"), count) << long_name;
  }
}

TEST(ManPage, GroffHasNothingToWarnAbout) {
  if (!is_installed("groff")) GTEST_SKIP() << "groff is not installed";
  const ScratchFile page(make_document({Document::man_page}));
  EXPECT_EQ(output_of("groff -man -ww -z -Tutf8", page.path()), "");
}

TEST(ManPage, MandocHasNothingToWarnAbout) {
  if (!is_installed("mandoc")) GTEST_SKIP() << "mandoc is not installed";
  const ScratchFile page(make_document({Document::man_page}));
  EXPECT_EQ(output_of("mandoc -T lint", page.path()), "");
}

struct Shell {
  std::string name;
  Document document;
};

class CompletionScript : public testing::TestWithParam<Shell> {};

TEST_P(CompletionScript, IsValid) {
  if (!is_installed(GetParam().name)) GTEST_SKIP() << GetParam().name << " is not installed";
  const ScratchFile script(make_document({GetParam().document}));
  EXPECT_EQ(output_of(GetParam().name + " -n", script.path()), "");
}

TEST_P(CompletionScript, HasEachVisibleOption) {
  const std::string script = make_document({GetParam().document});
  const std::string dashes = GetParam().name == "fish" ? "-l " : "--";
  for (const OptionSpec& option : subcommand_table().front()->options) {
    const bool found = script.find(dashes + std::string(option.long_name)) != std::string::npos;
    EXPECT_EQ(found, !option.hidden) << option.long_name;
    for (const std::string_view choice : option.choices) EXPECT_THAT(script, HasSubstr(choice));
  }
}

INSTANTIATE_TEST_SUITE_P(Shells, CompletionScript,
                         testing::Values(Shell{"bash", Document::bash_completion},
                                         Shell{"zsh", Document::zsh_completion},
                                         Shell{"fish", Document::fish_completion}),
                         [](const auto& shell) { return shell.param.name; });

// Asks bash for the completions of the last word.
std::string bash_completions(const std::string& words, int position) {
  const ScratchFile script(make_document({Document::bash_completion}) + "COMP_WORDS=(" + words +
                           ")\nCOMP_CWORD=" + std::to_string(position) +
                           "\n_sonde 2>/dev/null\necho ${COMPREPLY[*]}\n");
  return output_of("bash", script.path());
}

TEST(BashCompletion, OffersOptionsAndTheirChoices) {
  EXPECT_EQ(bash_completions("sonde --coun", 1), "--count\n");
  EXPECT_EQ(bash_completions("sonde --format j", 2), "json\n");
  EXPECT_EQ(bash_completions("sonde --format = j", 3), "json\n");
  EXPECT_EQ(bash_completions("sonde --clock = ''", 3), "auto kernel user hardware\n");
  EXPECT_EQ(bash_completions("sonde -I l", 2), "lo\n");
  EXPECT_EQ(bash_completions("sonde -c ''", 2), "\n");
  EXPECT_THAT(bash_completions("sonde pin", 1), HasSubstr("ping"));
}

}  // namespace
}  // namespace sonde::cli
