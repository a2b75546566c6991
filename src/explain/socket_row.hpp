// socket_row.hpp: a socket's own row in the kernel's tables.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "explain/explanation.hpp"

namespace sonde::explain {

// The line whose inode is `inode`, and the table's heading. Pure.
std::optional<SocketRow> find_inode(std::string_view table, std::string_view text, std::uint64_t inode);

// That of an open socket; nullopt where /proc is not mounted or does not show it.
std::optional<SocketRow> find_socket_row(int descriptor, TransportKind kind, Family family,
                                         const std::filesystem::path& proc = "/proc");

}  // namespace sonde::explain
