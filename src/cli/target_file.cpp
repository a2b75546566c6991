// target_file.cpp: reads targets from a file.
#include "cli/target_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "net/file_descriptor.hpp"
#include "sonde/error.hpp"
#include "text/printable.hpp"
#include "text/quote.hpp"
#include "text/utf8.hpp"

namespace sonde::cli {
namespace {

constexpr std::size_t binary_check_bytes = 4096;
constexpr std::size_t chunk_bytes = std::size_t{64} * 1024;
constexpr std::string_view white_space = " \t";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

std::unexpected<CommandLineError> refuse(std::string_view what) {
  return std::unexpected(CommandLineError{fmt::format("sonde: {}", text::printable(what))});
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(white_space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

// The line without its comment.
std::string_view without_comment(std::string_view line) {
  for (auto at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1)) {
    if (at == 0 || white_space.find(line[at - 1]) != std::string_view::npos) return line.substr(0, at);
  }
  return line;
}

bool has_control_characters(std::string_view line) {
  return std::ranges::any_of(line, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

}  // namespace

TargetFileReader::TargetFileReader(std::string name, TargetRules rules, TargetList& targets)
    : name_(std::move(name)), rules_(rules), targets_(targets) {}

std::expected<void, CommandLineError> TargetFileReader::feed(std::string_view bytes) {
  if (bytes_ < binary_check_bytes && bytes.substr(0, binary_check_bytes - bytes_).contains('\0')) {
    return refuse(fmt::format("{}: is a binary file, not a list of targets", name_));
  }
  bytes_ += bytes.size();
  if (bytes_ > most_bytes) return refuse(fmt::format("{}: is larger than {} bytes", name_, most_bytes));
  while (!bytes.empty()) {
    const auto newline = bytes.find('\n');
    const auto piece = bytes.substr(0, newline);
    const std::size_t room = longest_line_bytes - line_.size();
    line_ += piece.substr(0, room);
    if (piece.size() > room) line_too_long_ = true;
    if (newline == std::string_view::npos) return {};
    if (auto taken = take_line(); !taken) return taken;
    bytes.remove_prefix(newline + 1);
  }
  return {};
}

std::expected<void, CommandLineError> TargetFileReader::finish() {
  if (!line_.empty()) {
    if (auto taken = take_line(); !taken) return taken;
  }
  if (warnings_ > most_warnings) {
    targets_.add_warning(
        fmt::format("{}: {} more broken lines are left out", name_, warnings_ - most_warnings));
  }
  return {};
}

std::expected<void, CommandLineError> TargetFileReader::take_line() {
  const std::string whole = std::exchange(line_, {});
  const bool too_long = std::exchange(line_too_long_, false);
  ++line_number_;
  if (too_long) {
    warn(fmt::format("line longer than {} bytes", longest_line_bytes));
    return {};
  }
  std::string_view line = whole;
  if (line_number_ == 1 && line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
  if (line.ends_with('\r')) line.remove_suffix(1);
  line = trim(without_comment(line));
  if (line.empty()) return {};
  if (has_control_characters(line)) {
    warn(fmt::format("{} has control characters", text::in_quotes(line)));
    return {};
  }
  const auto end = std::min(line.find_first_of(white_space), line.size());
  const auto target = line.substr(0, end);
  auto label = trim(line.substr(end));
  if (const auto fault = target_fault(target, rules_)) {
    warn(*fault);
    return {};
  }
  if (!text::is_utf8(label)) {
    warn("the label is not UTF-8; the target is pinged without it");
    label = {};
  }
  if (targets_.add(target, label)) return {};
  return refuse(fmt::format("{}:{}: more than {} targets; spread them over several runs", name_, line_number_,
                            TargetList::most_targets));
}

void TargetFileReader::warn(std::string_view what) {
  if (++warnings_ <= most_warnings) targets_.add_warning(fmt::format("{}:{}: {}", name_, line_number_, what));
}

std::expected<void, CommandLineError> read_target_file(const std::string& path, const TargetRules& rules,
                                                       TargetList& targets) {
  const bool standard_input = path == "-";
  const std::string name = standard_input ? "standard input" : path;
  net::FileDescriptor file;
  if (!standard_input) {
    file.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return refuse(Error::from_errno(errno, "cannot read targets", name).message());
  }
  const int descriptor = standard_input ? STDIN_FILENO : file.get();

  TargetFileReader reader(name, rules, targets);
  std::vector<char> chunk(chunk_bytes);
  while (true) {
    const ssize_t length = ::read(descriptor, chunk.data(), chunk.size());
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return refuse(Error::from_errno(errno, "cannot read targets", name).message());
    if (length == 0) return reader.finish();
    if (auto fed = reader.feed(std::string_view(chunk.data(), static_cast<std::size_t>(length))); !fed)
      return fed;
  }
}

}  // namespace sonde::cli
