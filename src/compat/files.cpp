// files.cpp: see files.hpp.
#include "compat/files.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace sonde::compat {

namespace {

constexpr const char* blanks = " \t\r\v\f";

// No name is as long: what has no end is handed out in pieces.
constexpr std::size_t longest_line = std::size_t{1} << 20;

}  // namespace

void prepare_to_open_files(std::initializer_list<net::Capability> kept) {
  if (::getauxval(AT_SECURE) != 0) net::keep_only(kept);
}

HostFile::HostFile(const std::string& path) : descriptor_(STDIN_FILENO) {
  if (path == "-") return;
  opened_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened_) error_ = errno;
  descriptor_ = opened_.get();
}

std::optional<std::string> HostFile::next() {
  while (const auto line = next_line()) {
    const std::size_t begin = line->find_first_not_of(blanks);
    if (begin == std::string::npos || (*line)[begin] == '#') continue;
    return line->substr(begin, line->find_first_of(blanks, begin) - begin);
  }
  return std::nullopt;
}

std::optional<std::string> HostFile::next_line() {
  for (std::size_t searched = begin_;;) {
    const std::size_t end = text_.find('\n', searched);
    if (end != std::string::npos) {
      std::string line = text_.substr(begin_, end - begin_);
      begin_ = end + 1;
      return line;
    }
    searched = text_.size() - begin_;
    text_.erase(0, begin_);
    begin_ = 0;
    if (text_.size() >= longest_line || !read_more()) break;
  }
  if (text_.empty() || error_ != 0) return std::nullopt;
  std::string rest;
  rest.swap(text_);
  return rest;
}

bool HostFile::read_more() {
  std::array<char, 65536> chunk;
  while (error_ == 0 && !at_end_) {
    const ssize_t count = ::read(descriptor_, chunk.data(), chunk.size());
    if (count > 0) {
      text_.append(chunk.data(), static_cast<std::size_t>(count));
      return true;
    }
    if (count == 0) {
      at_end_ = true;
    } else if (errno == EAGAIN) {
      pollfd waited{descriptor_, POLLIN, 0};
      ::poll(&waited, 1, -1);
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  return false;
}

net::FileDescriptor open_to_append(const std::string& path) {
  constexpr mode_t mode = 0666;
  return net::FileDescriptor(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, mode));
}

}  // namespace sonde::compat
