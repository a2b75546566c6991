// target_file.cpp: see target_file.hpp.
#include "sweep/target_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "net/file_descriptor.hpp"
#include "sweep/target_file_address.hpp"

namespace sonde::sweep {
namespace {

constexpr std::size_t piece_bytes = std::size_t{256} * 1024;
constexpr std::string_view white_space = " \t";
constexpr std::string_view separators = " \t,";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

std::string_view without_leading(std::string_view text, std::string_view what) {
  text.remove_prefix(std::min(text.find_first_not_of(what), text.size()));
  return text;
}

std::string_view without_trailing(std::string_view text, std::string_view what) {
  return text.substr(0, text.find_last_not_of(what) + 1);
}

bool is_comment(std::string_view line) {
  return line.empty() || line.starts_with('#') || line.starts_with(';') || line.starts_with("//");
}

// For a message: short, and with nothing in it that a terminal would obey.
std::string printable(std::string_view text) {
  std::string shown(text.substr(0, 60));
  std::ranges::replace_if(shown, [](char c) { return c < 0x20 || c >= 0x7f; }, '?');
  return shown;
}

// Takes the next field off the front of `rest`, which begins with one: up to a separator, or "FIRST - LAST" with its
// spaces left out.
std::string take_next_field(std::string_view& rest) {
  const auto take = [&rest] {
    const std::string_view field = rest.substr(0, rest.find_first_of(separators));
    rest.remove_prefix(field.size());
    rest = without_leading(rest, white_space);
    return field;
  };
  std::string field(take());
  if (rest.starts_with('-')) {
    field += '-';
    rest = without_leading(rest.substr(1), white_space);
    field += take();
  } else if (field.ends_with('-')) {
    field += take();
  }
  rest = without_leading(rest, separators);
  return field;
}

Result<std::size_t> read_piece(int descriptor, std::vector<char>& piece, const std::string& name) {
  while (true) {
    const ssize_t length = ::read(descriptor, piece.data(), piece.size());
    if (length >= 0) return static_cast<std::size_t>(length);
    if (errno != EINTR) return std::unexpected(Error::from_errno(errno, "cannot read addresses", name));
  }
}

// How many lines a regular file has from where it stands; 0 for anything else. The second reading is from memory.
std::uint64_t count_lines(int descriptor, std::vector<char>& piece) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
  std::uint64_t lines = 0;
  off_t at = ::lseek(descriptor, 0, SEEK_CUR);
  while (at >= 0) {
    const ssize_t length = ::pread(descriptor, piece.data(), piece.size(), at);
    if (length <= 0) break;
    const std::string_view bytes(piece.data(), static_cast<std::size_t>(length));
    for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n', end + 1)) ++lines;
    at += length;
  }
  return lines + 1;
}

}  // namespace

void NamedAddresses::add(const AddressRange& range) {
  if (range.first().is_ipv4()) {
    ipv4.ranges.push_back({word_of<Ipv4Word>(range.first()), word_of<Ipv4Word>(range.last())});
  } else {
    ipv6.ranges.push_back({word_of<Ipv6Word>(range.first()), word_of<Ipv6Word>(range.last())});
  }
}

void TargetFileReader::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!goes_on_ && take_plain_line(bytes)) continue;
    const std::size_t newline = bytes.find('\n');
    if (newline == std::string_view::npos) {
      keep(bytes);
      return;
    }
    if (goes_on_) {
      keep(bytes.substr(0, newline));
      goes_on_ = false;
      take_line(line_);
      line_.clear();
    } else {
      take_line(bytes.substr(0, newline));
    }
    bytes.remove_prefix(newline + 1);
  }
}

// Takes the next line off the front of `bytes`, if it is an address and nothing else: that is all of most hitlists, and
// the newline need not be looked for first.
bool TargetFileReader::take_plain_line(std::string_view& bytes) {
  std::string_view rest = bytes;
  Ipv4Word ipv4 = 0;
  Ipv6Word ipv6 = 0;
  const bool is_ipv4 = take_address(rest, ipv4);
  if (!is_ipv4 && !take_address(rest, ipv6)) return false;
  if (rest.starts_with('\r')) rest.remove_prefix(1);
  if (!rest.starts_with('\n')) return false;
  bytes = rest.substr(1);
  ++line_number_;
  ++reading_.taken;
  if (is_ipv4) {
    push(addresses_.ipv4.list, ipv4);
  } else {
    push(addresses_.ipv6.list, ipv6);
  }
  return true;
}

void TargetFileReader::keep(std::string_view piece) {
  line_ += piece.substr(0, longest_line_bytes + 1 - line_.size());
  goes_on_ = true;
}

FileReading TargetFileReader::finish() {
  if (goes_on_) take_line(line_);
  goes_on_ = false;
  line_.clear();
  return std::move(reading_);
}

void TargetFileReader::take_line(std::string_view line) {
  ++line_number_;
  if (take_single(line)) {
    ++reading_.taken;
    return;
  }
  if (line_number_ == 1 && line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
  const bool too_long = line.size() > longest_line_bytes;
  line = without_leading(line, " \t\r");
  if (is_comment(line)) return;
  if (too_long) {
    bad("longer than " + std::to_string(longest_line_bytes) + " bytes");
    return;
  }
  take_fields(without_trailing(line.substr(0, line.find('#')), " \t\r"));
}

// The line of a hitlist: an address and, at most, other columns.
bool TargetFileReader::take_single(std::string_view line) {
  if (line.size() > longest_line_bytes) return false;
  Ipv4Word ipv4 = 0;
  if (take_address(line, ipv4)) {
    if (!may_end_single(line)) return false;
    push(addresses_.ipv4.list, ipv4);
    return true;
  }
  Ipv6Word ipv6 = 0;
  if (!take_address(line, ipv6) || !may_end_single(line)) return false;
  push(addresses_.ipv6.list, ipv6);
  return true;
}

bool TargetFileReader::may_end_single(std::string_view rest) const {
  if (rest.empty() || rest == "\r") return true;
  if (kind_ == FileKind::exclusions || !separators.contains(rest.front())) return false;
  // "192.0.2.1 - 192.0.2.9" is a range.
  return !without_leading(rest, white_space).starts_with('-');
}

void TargetFileReader::take_fields(std::string_view line) {
  bool all_good = true;
  while (all_good && !line.empty()) {
    all_good = take_field(take_next_field(line));
    if (kind_ == FileKind::targets) break;
  }
  if (all_good) ++reading_.taken;
}

bool TargetFileReader::take_field(const std::string& field) {
  const Result<AddressRange> range = AddressRange::parse(field);
  if (!range) {
    bad(printable(field) + ": " + range.error().what);
    return false;
  }
  if (range->first().scope_id() != 0) {
    bad(printable(field) + ": a sweep has no zones");
    return false;
  }
  addresses_.add(*range);
  return true;
}

void TargetFileReader::bad(std::string why) {
  ++reading_.bad_lines;
  if (reading_.bad.size() < most_bad_told) reading_.bad.push_back({line_number_, std::move(why)});
}

// Room for all lines that are left, at once: growing by doubling would need three times the memory meanwhile.
template <typename Word>
void TargetFileReader::push(std::vector<Word>& list, Word word) {
  if (list.size() == list.capacity()) {
    const std::uint64_t lines_left = lines_ >= line_number_ ? lines_ - line_number_ + 1 : 0;
    list.reserve(list.size() + std::max<std::size_t>({lines_left, list.size() / 2, 1024}));
  }
  list.push_back(word);
}

Result<FileReading> read_target_file(const std::string& path, FileKind kind, NamedAddresses& addresses) {
  const bool standard_input = path == "-";
  const std::string name = standard_input ? "standard input" : path;
  net::FileDescriptor file;
  if (!standard_input) {
    file.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return std::unexpected(Error::from_errno(errno, "cannot read addresses", name));
  }
  const int descriptor = standard_input ? STDIN_FILENO : file.get();
  std::vector<char> piece(piece_bytes);
  TargetFileReader reader(kind, addresses, count_lines(descriptor, piece));
  while (true) {
    const Result<std::size_t> length = read_piece(descriptor, piece, name);
    if (!length) return std::unexpected(length.error());
    if (*length == 0) return reader.finish();
    reader.feed(std::string_view(piece.data(), *length));
  }
}

}  // namespace sonde::sweep
