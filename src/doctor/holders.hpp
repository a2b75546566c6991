// holders.hpp: who else has ICMP and raw sockets open.
#pragma once

#include <filesystem>
#include <string_view>

#include "doctor/diagnosis.hpp"
#include "sonde/time.hpp"

namespace sonde::doctor {

// The sockets of one table's text, as /proc/net/{icmp,icmp6,raw,raw6} have it; lines that make no sense are left out.
std::vector<SocketHolder> parse_socket_table(std::string_view table, std::string_view text);

// All four tables below `root`/proc/net, and the processes that hold them as far as their descriptors may be
// read. Sockets of process `self` are left out. Looking for processes ends at `patience`: a host may have
// a million descriptors.
std::vector<SocketHolder> find_holders(const std::filesystem::path& root, std::int64_t self,
                                       Nanoseconds patience);

}  // namespace sonde::doctor
