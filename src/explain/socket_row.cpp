// socket_row.cpp: see socket_row.hpp.
#include "explain/socket_row.hpp"

#include <sys/stat.h>

#include "doctor/files.hpp"

namespace sonde::explain {
namespace {

std::string table_name(TransportKind kind, Family family) {
  std::string name = kind == TransportKind::icmp_raw ? "raw" : kind == TransportKind::udp ? "udp" : "icmp";
  if (family == Family::ipv6) name += '6';
  return name;
}

std::string trimmed(std::string_view line) {
  const auto begin = line.find_first_not_of(' ');
  const auto end = line.find_last_not_of(' ');
  return begin == std::string_view::npos ? std::string() : std::string(line.substr(begin, end - begin + 1));
}

}  // namespace

std::optional<SocketRow> find_inode(std::string_view table, std::string_view text, std::uint64_t inode) {
  constexpr std::size_t inode_column = 9;
  const auto lines = doctor::lines_of(text);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto words = doctor::words_of(lines[i]);
    if (words.size() <= inode_column || doctor::to_number(words[inode_column]) != inode) continue;
    return SocketRow{std::string(table), trimmed(lines.front()), trimmed(lines[i])};
  }
  return std::nullopt;
}

std::optional<SocketRow> find_socket_row(int descriptor, TransportKind kind, Family family,
                                         const std::filesystem::path& proc) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return std::nullopt;
  const std::string table = table_name(kind, family);
  const auto text = doctor::read_text(proc / "net" / table);
  if (!text) return std::nullopt;
  return find_inode(table, *text, status.st_ino);
}

}  // namespace sonde::explain
