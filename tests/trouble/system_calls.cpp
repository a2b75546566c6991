// system_calls.cpp: starting strace, and reading what it wrote.
#include "trouble/system_calls.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

namespace sonde::trouble {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// "socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP) = -1 EACCES (Permission denied)"
SystemCall parse_call(std::string_view line) {
  const std::size_t open = line.find('('), result = line.rfind(" = ");
  if (open == std::string_view::npos || result == std::string_view::npos || result < open) return {};
  std::string_view arguments = trimmed(line.substr(open + 1, result - open - 1));
  if (arguments.ends_with(')')) arguments.remove_suffix(1);
  return {std::string(line.substr(0, open)), std::string(arguments),
          std::string(trimmed(line.substr(result + 3)))};
}

}  // namespace

bool SystemCall::has(std::string_view word) const {
  for (std::size_t at = arguments.find(word); at != std::string::npos; at = arguments.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word(arguments[at - 1])) && (end == arguments.size() || !is_word(arguments[end])))
      return true;
  }
  return false;
}

bool SystemCall::failed_with(std::string_view errno_name) const {
  return result.starts_with("-1 " + std::string(errno_name) + " ");
}

std::vector<SystemCall> parse_system_calls(std::string_view strace) {
  constexpr std::string_view unfinished = "<unfinished ...>", resumed = " resumed>";
  std::vector<SystemCall> calls;
  std::map<std::string, std::string, std::less<>> begun;  // by process
  while (!strace.empty()) {
    const std::size_t end = std::min(strace.find('\n'), strace.size());
    std::string_view line = strace.substr(0, end);
    strace.remove_prefix(std::min(end + 1, strace.size()));
    const std::size_t space = std::min(line.find(' '), line.size());
    const std::string process(line.substr(0, space));
    line = trimmed(line.substr(space));
    if (line.ends_with(unfinished)) {
      begun[process] = line.substr(0, line.size() - unfinished.size());
      continue;
    }
    std::string whole(line);
    if (const std::size_t at = line.find(resumed); line.starts_with("<...") && at != std::string_view::npos)
      whole = begun[process] + std::string(line.substr(at + resumed.size()));
    if (SystemCall call = parse_call(whole); !call.name.empty()) calls.push_back(std::move(call));
  }
  return calls;
}

std::vector<SystemCall> system_calls_of(const Namespace& space, const Words& arguments, User user,
                                        int status) {
  const ScratchDirectory directory;
  const std::filesystem::path file = directory.write("calls", "");
  std::filesystem::permissions(file, std::filesystem::perms::all);
  // By its descriptor: it may lie where the ordinary user cannot look.
  const lab::Descriptor program(::open(SONDE_PROGRAM, O_RDONLY | O_CLOEXEC));
  const std::string path = "/proc/self/fd/" + std::to_string(program.number());
  const Finished finished = space.run(
      {.arguments = Words{"strace", "-f", "-qq", "-e", "signal=none", "-s", "16", "-o", file, path, "ping"} +
                    arguments,
       .user = user,
       // A sanitizer that traces its own process at the end cannot be traced itself.
       .environment = {"ASAN_OPTIONS=detect_leaks=0"},
       .inherited = {program.number()}});
  EXPECT_EQ(finished.status, status) << finished.errors << finished.output;
  std::ifstream stream(file);
  return parse_system_calls(std::string(std::istreambuf_iterator<char>(stream), {}));
}

}  // namespace sonde::trouble
