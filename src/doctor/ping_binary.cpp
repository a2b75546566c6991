// ping_binary.cpp: see ping_binary.hpp.
#include "doctor/ping_binary.hpp"

#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <array>
#include <cstring>

namespace sonde::doctor {
namespace {

std::uint32_t little_endian_word(std::span<const std::byte> bytes, std::size_t at) {
  std::uint32_t word = 0;
  std::memcpy(&word, bytes.data() + at, sizeof word);
  return le32toh(word);
}

bool look_at(const std::filesystem::path& file, PingBinary& ping) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & 0111) == 0)
    return false;
  ping.path = file.string();
  ping.set_user_id = (status.st_mode & S_ISUID) != 0 && status.st_uid == 0;
  std::array<std::byte, sizeof(vfs_ns_cap_data)> attribute{};
  const auto length = ::getxattr(file.c_str(), "security.capability", attribute.data(), attribute.size());
  if (length > 0) read_file_capability(std::span(attribute).first(static_cast<std::size_t>(length)), ping);
  return true;
}

}  // namespace

void read_file_capability(std::span<const std::byte> attribute, PingBinary& ping) {
  constexpr std::size_t words = 2;  // revision and flags, then the lower half of the permitted set
  if (attribute.size() < words * sizeof(std::uint32_t)) return;
  const std::uint32_t magic = little_endian_word(attribute, 0);
  const std::uint32_t permitted = little_endian_word(attribute, sizeof(std::uint32_t));
  ping.has_capability = (permitted >> static_cast<unsigned>(net::Capability::net_raw) & 1U) != 0;
  ping.effective = ping.has_capability && (magic & VFS_CAP_FLAGS_EFFECTIVE) != 0;
}

PingBinary find_ping(const std::filesystem::path& root, std::string_view search_path) {
  PingBinary ping;
  std::string directories(search_path);
  directories += ":/usr/bin:/bin:/usr/sbin:/sbin";
  std::string_view left = directories;
  while (!left.empty()) {
    const std::string_view directory = left.substr(0, left.find(':'));
    left.remove_prefix(std::min(directory.size() + 1, left.size()));
    const std::filesystem::path relative = std::filesystem::path(directory).relative_path();
    if (directory.starts_with('/') && look_at(root / relative / "ping", ping)) return ping;
  }
  return ping;
}

}  // namespace sonde::doctor
