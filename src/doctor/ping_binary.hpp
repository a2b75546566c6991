// ping_binary.hpp: whether the system's ping has the privilege that this program lacks.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

#include "doctor/diagnosis.hpp"

namespace sonde::doctor {

// Takes CAP_NET_RAW out of the extended attribute security.capability (struct vfs_cap_data, capabilities(7)).
void read_file_capability(std::span<const std::byte> attribute, PingBinary& ping);

// The first `ping` in the directories of `search_path` (as PATH) below `root`, or in those where it usually is.
PingBinary find_ping(const std::filesystem::path& root, std::string_view search_path);

}  // namespace sonde::doctor
