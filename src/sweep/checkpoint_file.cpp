// checkpoint_file.cpp: see checkpoint_file.hpp.
#include "sweep/checkpoint_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

namespace sonde::sweep {
namespace {

std::unexpected<Error> failure(int system_errno, std::string what, const std::string& path) {
  std::string hint;
  if (system_errno == ENOSPC || system_errno == EDQUOT)
    hint = "free some space, or keep the checkpoint elsewhere";
  return std::unexpected(Error::from_errno(system_errno, std::move(what), path, std::move(hint)));
}

// 0, or errno.
int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t taken = ::write(descriptor, bytes.data(), bytes.size());
    if (taken < 0 && errno == EINTR) continue;
    if (taken <= 0) return taken == 0 ? EIO : errno;
    bytes.remove_prefix(static_cast<std::size_t>(taken));
  }
  return 0;
}

// 0, or errno. A file system that cannot sync (EINVAL, on some of FUSE) is no reason to refuse it.
int sync(int descriptor) {
  while (::fdatasync(descriptor) != 0) {
    if (errno == EINVAL) return 0;
    if (errno != EINTR) return errno;
  }
  return 0;
}

bool cut(int descriptor, std::uint64_t bytes) {
  while (::ftruncate(descriptor, static_cast<off_t>(bytes)) != 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

}  // namespace

Result<std::optional<Checkpoint>> CheckpointFile::read(std::uint64_t most_words) {
  off_t offset = 0;
  const ByteSource source = [&](std::span<char> into) -> Result<std::size_t> {
    std::size_t filled = 0;
    while (filled < into.size()) {
      const ssize_t got = ::pread(file_.descriptor(), into.data() + filled, into.size() - filled, offset);
      if (got == 0) break;
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failure(errno, "cannot read the checkpoint", name());
      filled += static_cast<std::size_t>(got);
      offset += got;
    }
    return filled;
  };
  char first = 0;
  const auto any = source({&first, 1});
  if (!any) return std::unexpected(any.error());
  if (*any == 0) return std::nullopt;
  offset = 0;
  auto decoded = decode_checkpoint(source, name(), most_words);
  if (!decoded) return std::unexpected(std::move(decoded.error()));
  // Half a step at the end is harmless there; behind another one it would not be.
  if (static_cast<std::uint64_t>(offset) != decoded->bytes && !cut(file_.descriptor(), decoded->bytes))
    return failure(errno, "cannot write the checkpoint", name());
  bytes_ = decoded->bytes;
  encoder_ = CheckpointEncoder(decoded->chain);
  return std::move(decoded->checkpoint);
}

Result<void> CheckpointFile::begin(const Checkpoint& checkpoint, std::uint64_t answered_words) {
  encoder_ = {};
  bytes_ = 0;
  const std::string head = encoder_.head(checkpoint, answered_words);
  if (!cut(file_.descriptor(), 0)) return failure(errno, "cannot write the checkpoint", name());
  if (auto written = append(head); !written) return written;
  file_.keep();
  file_.sync_name();
  return {};
}

Result<void> CheckpointFile::add(const CheckpointStep& step) {
  CheckpointEncoder next = encoder_;
  if (auto written = append(next.step(step)); !written) return written;
  encoder_ = next;
  return {};
}

Result<void> CheckpointFile::append(std::string_view bytes) {
  if (broken_) return std::unexpected(*broken_);
  int system_errno = write_all(file_.descriptor(), bytes);
  if (system_errno == 0) system_errno = sync(file_.descriptor());
  if (system_errno == 0) {
    bytes_ += bytes.size();
    return {};
  }
  auto failed = failure(system_errno, "cannot write the checkpoint", name());
  if (!cut(file_.descriptor(), bytes_)) broken_ = failed.error();
  return failed;
}

}  // namespace sonde::sweep
