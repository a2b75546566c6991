// checkpoint_file.cpp: see checkpoint_file.hpp.
#include "sweep/checkpoint_file.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace sonde::sweep {
namespace {

constexpr std::uint64_t least_step_bytes = std::uint64_t{1} << 20;

std::unexpected<Error> failure(std::string what, const std::string& path) {
  const int system_errno = errno;
  std::string hint;
  if (system_errno == ENOSPC || system_errno == EDQUOT)
    hint = "free some space, or keep the checkpoint elsewhere";
  if (system_errno == EACCES || system_errno == EROFS || system_errno == ENOENT)
    hint = "keep the checkpoint in a directory that can be written";
  return std::unexpected(Error::from_errno(system_errno, std::move(what), path, std::move(hint)));
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return path.substr(0, std::max<std::size_t>(slash, 1));
}

std::string beside(const std::string& path) {
  return path + ".tmp";
}

// A file system that cannot sync (EINVAL, on some of FUSE) is no reason to refuse it.
bool sync_failed(int result) {
  return result != 0 && errno != EINVAL;
}

Result<void> write_all(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t taken = ::write(descriptor, bytes.data(), bytes.size());
    if (taken > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(taken));
    } else if (taken == 0) {
      errno = EIO;
      return failure("cannot write the checkpoint", path);
    } else if (errno != EINTR) {
      return failure("cannot write the checkpoint", path);
    }
  }
  return {};
}

}  // namespace

bool CheckpointFile::wants_whole() const {
  return !descriptor_ || step_bytes_ > most_step_bytes_;
}

Result<void> CheckpointFile::write_whole(const Checkpoint& checkpoint, const AnswerWords& answered) {
  const auto written = [&]() -> Result<void> {
    if (auto opened = open_beside(); !opened) return opened;
    whole_bytes_ = step_bytes_ = 0;
    encoder_.emplace([this](std::string_view bytes) { return write(bytes); });
    if (auto encoded = encoder_->write_whole(checkpoint, answered); !encoded) return encoded;
    whole_bytes_ = std::exchange(step_bytes_, 0);
    most_step_bytes_ = std::max(
        {least_step_bytes, 2 * whole_bytes_, std::uint64_t{answered.size} * sizeof(std::uint64_t) / 16});
    return put_in_place();
  }();
  if (!written) {
    if (descriptor_) ::unlink(beside(path_).c_str());
    descriptor_.reset();
  }
  return written;
}

Result<void> CheckpointFile::add(const CheckpointStep& step) {
  const std::uint64_t before = bytes();
  auto written = encoder_->write_step(step);
  if (written && sync_failed(::fdatasync(descriptor_.get())))
    written = failure("cannot write the checkpoint to the disk", path_);
  if (!written) {
    // Half a step at the end is harmless, behind another one it is not: nothing is added to this file again.
    static_cast<void>(::ftruncate(descriptor_.get(), static_cast<off_t>(before)) == 0);
    descriptor_.reset();
  }
  return written;
}

Result<void> CheckpointFile::remove() {
  descriptor_.reset();
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) return failure("cannot remove the checkpoint", path_);
  return {};
}

Result<void> CheckpointFile::write(std::string_view bytes) {
  step_bytes_ += bytes.size();
  return write_all(descriptor_.get(), bytes, path_);
}

Result<void> CheckpointFile::open_beside() {
  struct stat status{};
  if (::stat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    return std::unexpected(Error::invalid("the checkpoint would take the place of what is no regular file",
                                          path_, "give it another name"));
  }
  const std::string name = beside(path_);
  // What a sweep that was killed left behind; nothing else has that name for long. O_EXCL: not through
  // anybody's link.
  if (::unlink(name.c_str()) != 0 && errno != ENOENT) return failure("cannot write the checkpoint", name);
  descriptor_.reset(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600));
  if (!descriptor_) return failure("cannot write the checkpoint", name);
  return {};
}

Result<void> CheckpointFile::put_in_place() {
  if (sync_failed(::fsync(descriptor_.get())))
    return failure("cannot write the checkpoint to the disk", path_);
  if (::rename(beside(path_).c_str(), path_.c_str()) != 0)
    return failure("cannot write the checkpoint", path_);
  // So that the name survives a power cut as well. The file itself is safe by now.
  const net::FileDescriptor directory(
      ::open(directory_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory) static_cast<void>(::fsync(directory.get()));
  return {};
}

Result<Checkpoint> read_checkpoint(const std::string& path, std::uint64_t most_words) {
  const net::FileDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor) {
    const int system_errno = errno;
    const bool missing = system_errno == ENOENT;
    return std::unexpected(Error::from_errno(system_errno, "cannot open the checkpoint", path,
                                             missing ? "name the file that --checkpoint wrote" : ""));
  }
  return decode_checkpoint(
      [&](std::span<char> into) -> Result<std::size_t> {
        std::size_t filled = 0;
        while (filled < into.size()) {
          const ssize_t got = ::read(descriptor.get(), into.data() + filled, into.size() - filled);
          if (got == 0) break;
          if (got > 0) {
            filled += static_cast<std::size_t>(got);
          } else if (errno != EINTR) {
            return std::unexpected(Error::from_errno(errno, "cannot read the checkpoint", path));
          }
        }
        return filled;
      },
      path, most_words);
}

}  // namespace sonde::sweep
