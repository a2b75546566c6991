// output_file.cpp: see output_file.hpp.
#include "report/output_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <utility>

namespace sonde::report {
namespace {

constexpr std::size_t beginning_bytes = 4096;

std::optional<std::string> link_target(const std::string& path) {
  std::array<char, 4096> target{};
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  if (size < 0) return std::nullopt;
  return std::string(target.data(), static_cast<std::size_t>(size));
}

// Where the open file lies by now.
std::optional<std::string> path_of(int descriptor) {
  return link_target("/proc/self/fd/" + std::to_string(descriptor));
}

std::unexpected<Error> cannot_open(const OutputFiles::Request& request) {
  return std::unexpected(Error::from_errno(errno, "cannot open the file of " + request.option, request.path));
}

// What cannot be emptied: written to as it is.
Result<net::FileDescriptor> open_stream(const OutputFiles::Request& request) {
  net::FileDescriptor opened(::open(request.path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
  if (!opened) return cannot_open(request);
  return opened;
}

struct OpenedFile {
  net::FileDescriptor descriptor;
  bool is_new = false;
};

Result<OpenedFile> open_regular(const OutputFiles::Request& request) {
  const int append = request.append || request.is_state ? O_APPEND : 0;
  // Read to see what it holds; what may be written only is good enough while it is empty.
  for (const int access : {O_RDWR, O_WRONLY}) {
    net::FileDescriptor there(::open(request.path.c_str(), access | append | O_CLOEXEC));
    if (there) return OpenedFile{std::move(there), false};
    if (errno == ENOENT && request.has_to_exist) {
      return std::unexpected(Error{ErrorCode::invalid_argument, errno,
                                   "cannot open the file of " + request.option, request.path,
                                   "name the file of an earlier run"});
    }
    if (errno == ENOENT) break;
    if (errno != EACCES || access == O_WRONLY) return cannot_open(request);
  }
  // Not exclusively: a link that leads nowhere yet is followed.
  net::FileDescriptor made(
      ::open(request.path.c_str(), O_RDWR | append | O_CREAT | O_CLOEXEC, request.is_state ? 0600 : 0644));
  if (!made) return cannot_open(request);
  return OpenedFile{std::move(made), true};
}

std::string beginning_of(int descriptor) {
  std::string bytes(beginning_bytes, '\0');
  const ssize_t size = ::pread(descriptor, bytes.data(), bytes.size(), 0);
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return bytes;
}

// A directory as well: opening it fails with the word for it.
bool leads_to_stream(const std::string& path) {
  struct stat status{};
  if (descriptor_named(path) >= 0) return true;
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

FileIdentity identity_of(const struct stat& status) {
  return {status.st_dev, status.st_ino};
}

}  // namespace

bool begins_as(std::string_view beginning, std::string_view mark) {
  return beginning.starts_with(mark) || mark.starts_with(beginning);
}

int descriptor_named(std::string path) {
  if (path == "-") return STDOUT_FILENO;
  constexpr int most_links = 40;  // path_resolution(7)
  for (int links = 0; links < most_links; ++links) {
    if (path == "/dev/stdout") return STDOUT_FILENO;
    if (path == "/dev/stderr") return STDERR_FILENO;
    for (const std::string_view directory : {"/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"}) {
      if (!path.starts_with(directory)) continue;
      const std::string_view digits = std::string_view(path).substr(directory.size());
      int number = -1;
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
      if (error == std::errc{} && end == digits.data() + digits.size()) return number;
    }
    const auto target = link_target(path);
    if (!target) return -1;
    const std::size_t slash = target->starts_with('/') ? std::string::npos : path.rfind('/');
    path = slash == std::string::npos ? *target : path.substr(0, slash + 1) + *target;
  }
  return -1;
}

// --- OutputFile ---------------------------------------------------------------------------------------------

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  if (this == &other) return *this;
  abandon();
  descriptor_ = std::move(other.descriptor_);
  name_ = std::move(other.name_);
  is_regular_ = other.is_regular_;
  is_new_ = std::exchange(other.is_new_, false);
  appends_ = other.appends_;
  return *this;
}

OutputFile::~OutputFile() {
  abandon();
}

void OutputFile::abandon() {
  if (!descriptor_ || !std::exchange(is_new_, false)) return;
  struct stat status{};
  // Somebody else may have found a use for it.
  if (::fstat(descriptor_.get(), &status) != 0 || status.st_size != 0) return;
  [[maybe_unused]] const auto removed = remove();
}

void OutputFile::sync_name() const {
  const auto path = path_of(descriptor_.get());
  if (!path) return;
  const std::string directory = path->substr(0, std::max<std::size_t>(path->rfind('/'), 1));
  const net::FileDescriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened) ::fsync(opened.get());
}

Result<void> OutputFile::remove() {
  if (!is_regular_) return {};
  struct stat open_file{}, named{};
  const auto path = path_of(descriptor_.get());
  if (!path || ::fstat(descriptor_.get(), &open_file) != 0 || ::stat(path->c_str(), &named) != 0) return {};
  if (identity_of(open_file) != identity_of(named)) return {};
  while (::unlink(path->c_str()) != 0) {
    if (errno != EINTR) return std::unexpected(Error::from_errno(errno, "cannot remove the file", name_));
  }
  return {};
}

Result<void> OutputFile::begin() {
  is_new_ = false;
  if (!is_regular_ || appends_) return {};
  while (::ftruncate(descriptor_.get(), 0) != 0) {
    if (errno != EINTR) return std::unexpected(Error::from_errno(errno, "cannot write", name_));
  }
  return {};
}

// --- OutputFiles --------------------------------------------------------------------------------------------

void OutputFiles::reads(const std::string& path) {
  struct stat status{};
  const bool found = path == "-" ? ::fstat(STDIN_FILENO, &status) == 0 : ::stat(path.c_str(), &status) == 0;
  if (found && S_ISREG(status.st_mode)) taken_.push_back({identity_of(status), "an input of this run"});
}

Result<OutputFile> OutputFiles::open(const Request& request) {
  OutputFile file;
  file.name_ = request.path == "-" ? "standard output" : request.path;
  file.appends_ = request.append;
  if (request.is_state && leads_to_stream(request.path)) {
    return std::unexpected(
        Error::invalid(request.option + " needs a regular file", request.path, "give it another name"));
  }
  if (const int named = descriptor_named(request.path); named >= 0) {
    file.descriptor_.reset(::fcntl(named, F_DUPFD_CLOEXEC, 0));
    if (!file.descriptor_) return cannot_open(request);
    return file;
  }
  if (leads_to_stream(request.path)) {
    auto stream = open_stream(request);
    if (!stream) return std::unexpected(std::move(stream.error()));
    file.descriptor_ = std::move(*stream);
    return file;
  }
  auto opened = open_regular(request);
  if (!opened) return std::unexpected(std::move(opened.error()));
  file.descriptor_ = std::move(opened->descriptor);
  file.is_new_ = opened->is_new;
  struct stat status{};
  if (::fstat(file.descriptor(), &status) != 0) return cannot_open(request);
  file.is_regular_ = S_ISREG(status.st_mode);
  if (!file.is_regular_) return file;
  if (auto fine = check_content(request, file, identity_of(status)); !fine)
    return std::unexpected(std::move(fine.error()));
  if (request.is_state && ::flock(file.descriptor(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return std::unexpected(Error::invalid("another process is writing the file of " + request.option,
                                          request.path, "give it another name, or wait for its end"));
  }
  taken_.push_back({identity_of(status), "the file of " + request.option});
  return file;
}

Result<void> OutputFiles::check_content(const Request& request, const OutputFile& file,
                                        FileIdentity identity) const {
  const auto taken = std::ranges::find(taken_, identity, &Taken::file);
  if (taken != taken_.end()) {
    return std::unexpected(Error::invalid(request.option + " names a file that is also " + taken->by,
                                          request.path, "give it a file of its own"));
  }
  struct stat status{};
  if (force_ || ::fstat(file.descriptor(), &status) != 0 || status.st_size == 0) return {};
  const std::string beginning = beginning_of(file.descriptor());
  if (!beginning.empty() && request.recognizes(beginning)) return {};
  return std::unexpected(Error::invalid(request.option + " would overwrite a file that holds something else",
                                        request.path, "give another name, or --force to overwrite it"));
}

}  // namespace sonde::report
