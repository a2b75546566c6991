// targets.hpp: whom to ask: names and addresses from the command line, from a file, or of a range.
#pragma once

#include <expected>

#include "compat/files.hpp"
#include "compat/fping/host.hpp"
#include "compat/fping/options.hpp"
#include "compat/streams.hpp"

namespace sonde::compat::fping {

// `file`: where options name one. What has no address is complained about and counted. An Ending: what was written is no list of targets.
std::expected<Hosts, Ending> read_targets(const Options& options, HostFile* file, Streams& streams);

}  // namespace sonde::compat::fping
