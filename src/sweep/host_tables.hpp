// host_tables.hpp: the tables of this host's kernel that a sweep can fill, to everybody's harm: connection tracking, which then
// refuses all packets (EPERM), and neighbours, without which nothing more can be sent on a link.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sonde::sweep {

struct HostTable {
  std::string name;  // "connection tracking"
  std::uint64_t entries = 0, most = 0;
  std::string advice;  // what to do about it
  bool is_nearly_full() const { return most != 0 && entries >= most - most / 10; }
};

// What this network namespace has of them (conntrack-sysctl and ip-sysctl in the kernel's documentation); a table that is
// not there, or not to be read, is left out. `proc` is another directory in tests.
std::vector<HostTable> host_tables(const std::filesystem::path& proc = "/proc");

}  // namespace sonde::sweep
