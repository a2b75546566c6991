// function_options_test.cpp: the options of `sonde function`, and the name that means it.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "cli/command_line.hpp"

namespace sonde::cli {
namespace {

using testing::HasSubstr;

std::expected<ParsedCommandLine, CommandLineError> parse(const std::vector<const char*>& words) {
  return parse_command_line(words);
}

FunctionOptions options_of(const std::vector<const char*>& words) {
  const auto parsed = parse(words);
  EXPECT_TRUE(parsed) << parsed.error().message;
  const auto* command = parsed ? std::get_if<CommandOptions>(&*parsed) : nullptr;
  const auto* options = command != nullptr ? std::get_if<FunctionOptions>(command) : nullptr;
  EXPECT_NE(options, nullptr);
  return options != nullptr ? *options : FunctionOptions{};
}

std::string error_of(const std::vector<const char*>& words) {
  const auto parsed = parse(words);
  EXPECT_FALSE(parsed);
  if (parsed) return {};
  EXPECT_EQ(parsed.error().status, ExitStatus::usage);
  return parsed.error().message;
}

TEST(FunctionOptions, WithoutAnyAreTheDefaults) {
  const auto options = options_of({"sonde", "function"});
  EXPECT_EQ(options.listen, "");
  EXPECT_TRUE(options.allowed.empty());
  EXPECT_EQ(options.time_limit, std::chrono::seconds(30));
  EXPECT_EQ(options.parallel, 16u);
}

TEST(FunctionOptions, AreAllRead) {
  const auto options = options_of({"sonde", "function", "--listen", "[::1]:8081", "--allow", "10.0.0.0/8",
                                   "--allow=::1", "--time-limit", "2s", "--parallel", "3"});
  EXPECT_EQ(options.listen, "[::1]:8081");
  ASSERT_EQ(options.allowed.size(), 2u);
  EXPECT_EQ(options.allowed[1].first().to_string(), "::1");
  EXPECT_EQ(options.time_limit, std::chrono::seconds(2));
  EXPECT_EQ(options.parallel, 3u);
}

TEST(FunctionOptions, BadValuesAreNamed) {
  for (const char* listen : {"", "8080", "x:8080", "127.0.0.1", "127.0.0.1:65536", "127.0.0.1:-1", "[::1]"}) {
    EXPECT_THAT(error_of({"sonde", "function", "--listen", listen}), HasSubstr("--listen")) << listen;
  }
  for (const char* allow : {"", "10.0.0.0/33", "example.net"}) {
    EXPECT_THAT(error_of({"sonde", "function", "--allow", allow}), HasSubstr("--allow")) << allow;
  }
  for (const char* limit : {"0", "600ms", "-1", "x"}) {
    EXPECT_THAT(error_of({"sonde", "function", "--time-limit", limit}), HasSubstr("--time-limit")) << limit;
  }
  for (const char* parallel : {"0", "257", "x"}) {
    EXPECT_THAT(error_of({"sonde", "function", "--parallel", parallel}), HasSubstr("--parallel")) << parallel;
  }
}

TEST(FunctionOptions, TakesNoTargets) {
  EXPECT_THAT(error_of({"sonde", "function", "example.net"}), HasSubstr("example.net"));
}

TEST(FunctionOptions, TheNameBootstrapMeansIt) {
  options_of({"/var/task/bootstrap"});
  options_of({"bootstrap", "--parallel", "2"});
  EXPECT_FALSE(parse({"/opt/bootstrapper"}));
}

}  // namespace
}  // namespace sonde::cli
