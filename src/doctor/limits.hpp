// limits.hpp: what this host sets bounds by: buffers, ICMP rates, tables that fill up.
#pragma once

#include <filesystem>

#include "doctor/diagnosis.hpp"

namespace sonde::doctor {

// What can be read below `root`/proc; nothing that is missing is an error.
Limits read_limits(const std::filesystem::path& root);

// Fills in what a socket of ours gets, by asking for as much as sonde does.
void try_receive_buffer(ReceiveBuffer& buffer);

// How many answers with their stamps `bytes` hold, and what rate that is between two reads.
void count_answers(ReceiveBuffer& buffer, std::int64_t bytes);

}  // namespace sonde::doctor
