// holders.cpp: see holders.hpp.
#include "doctor/holders.hpp"

#include <algorithm>
#include <array>
#include <system_error>
#include <unordered_map>

#include "doctor/files.hpp"

namespace sonde::doctor {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> tables{"icmp", "icmp6", "raw", "raw6"};

struct Process {
  std::int64_t id = 0;
  std::string command;
};
using Owners = std::unordered_map<std::uint64_t, Process>;

// The inode in "socket:[4711]".
std::optional<std::uint64_t> socket_inode(std::string_view link) {
  constexpr std::string_view prefix = "socket:[";
  if (!link.starts_with(prefix) || !link.ends_with(']')) return std::nullopt;
  return to_number(link.substr(prefix.size(), link.size() - prefix.size() - 1));
}

void look_into(const fs::path& process, std::int64_t id, Owners& wanted) {
  std::error_code failure;
  for (fs::directory_iterator entry(process / "fd", failure), end; !failure && entry != end;
       entry.increment(failure)) {
    std::error_code unreadable;
    const auto inode = socket_inode(fs::read_symlink(entry->path(), unreadable).string());
    const auto found = unreadable || !inode ? wanted.end() : wanted.find(*inode);
    if (found == wanted.end() || found->second.id != 0) continue;
    std::string command = read_text(process / "comm").value_or("");
    command.resize(std::min(command.find('\n'), command.size()));
    found->second = {id, std::move(command)};
  }
}

void find_owners(const fs::path& proc, Nanoseconds patience, Owners& wanted) {
  const MonotonicTime until = Clock::system().monotonic() + patience;
  std::error_code failure;
  for (fs::directory_iterator entry(proc, failure), end; !failure && entry != end; entry.increment(failure)) {
    const auto id = to_number(entry->path().filename().string());
    if (id) look_into(entry->path(), static_cast<std::int64_t>(*id), wanted);
    if (Clock::system().monotonic() >= until) return;
  }
}

}  // namespace

std::vector<SocketHolder> parse_socket_table(std::string_view table, std::string_view text) {
  // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode ref pointer drops
  constexpr std::size_t local = 1, user = 7, inode = 9, columns = 13;
  std::vector<SocketHolder> holders;
  for (const std::string_view line : lines_of(text)) {
    const auto words = words_of(line);
    if (words.size() != columns || !words[0].ends_with(':')) continue;
    const auto number = to_number(words[local].substr(words[local].find(':') + 1), 16);
    const auto uid = to_number(words[user]);
    const auto node = to_number(words[inode]);
    const auto drops = to_number(words.back());
    if (!number || !uid || !node || !drops) continue;
    holders.push_back({std::string(table),
                       static_cast<std::uint32_t>(*number),
                       static_cast<std::uint32_t>(*uid),
                       *drops,
                       *node,
                       std::nullopt,
                       {}});
  }
  return holders;
}

std::vector<SocketHolder> find_holders(const fs::path& root, std::int64_t self, Nanoseconds patience) {
  std::vector<SocketHolder> holders;
  for (const std::string_view table : tables) {
    const auto text = read_text(root / "proc/net" / table);
    if (text) std::ranges::move(parse_socket_table(table, *text), std::back_inserter(holders));
  }
  if (holders.empty()) return holders;
  Owners owners;
  for (const SocketHolder& holder : holders) owners.emplace(holder.inode, Process{});
  find_owners(root / "proc", patience, owners);
  for (SocketHolder& holder : holders) {
    Process& owner = owners[holder.inode];
    if (owner.id == 0) continue;
    holder.process = owner.id;
    holder.command = owner.command;
  }
  std::erase_if(holders, [self](const SocketHolder& holder) { return holder.process == self; });
  return holders;
}

}  // namespace sonde::doctor
