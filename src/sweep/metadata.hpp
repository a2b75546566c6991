// metadata.hpp: the account of a whole sweep: the JSON object of `--metadata FILE`.
//
// Keys are zmap's where they mean what zmap's mean, so that what reads those files reads ours; what zmap has
// no word for has a key of its own (see metadata.cpp, which is the list). Times are ISO 8601 in UTC.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sonde/error.hpp"
#include "sonde/time.hpp"
#include "sweep/record.hpp"

namespace sonde::sweep {

// Why a sweep ended: "finished", or what stopped it.
enum class SweepEnd : std::uint8_t { finished, interrupted, max_runtime, max_results, min_hit_rate, failed };

std::string_view to_string(SweepEnd end);

// Whether a file that begins so is such an account.
bool is_metadata(std::string_view beginning);

struct SweepSummary {
  std::string version;    // of sonde
  std::string host_name;  // of this machine; empty: not told
  std::vector<std::string> command_line;
  SweepEnd end = SweepEnd::finished;
  std::string failure;  // of `failed`

  // What was asked.
  std::vector<std::string> targets, excluded;                   // as they were named
  std::uint64_t addresses = 0;                                  // in the space, after all that was taken out
  std::uint64_t excluded_addresses = 0, special_addresses = 0;  // taken out: by name, as special-purpose
  std::uint64_t space_digest = 0;
  std::uint64_t shard = 0, shards = 1;
  std::uint64_t seed = 0;
  bool seed_given = false;
  double rate = 0;  // probes per second, as asked for
  unsigned probes = 1, retries = 0, threads = 1, sockets = 0;
  std::string transport, interface;
  std::vector<std::string> sources;
  Nanoseconds linger{}, late_after{};
  std::uint64_t max_targets = 0, max_results = 0;  // 0: no bound
  Nanoseconds max_runtime{};                       // the same
  double min_hit_rate = 0;                         // the same
  std::string output_file, output_format, fields, filter, contact;
  bool dry_run = false;
  std::map<std::string, std::string> options;  // further ones, as they were given

  // What came of it.
  Counts counts;
  Handovers handovers;
  std::uint64_t asked = 0;                // addresses that were sent at least one probe
  std::uint64_t written = 0;              // records that passed the filter
  std::map<int, std::uint64_t> refusals;  // errno of the send call: how often
  std::optional<UnixTime> started, first_sent, last_sent, ended;
  unsigned resumptions =
      0;  // how often this sweep went on from a checkpoint; the figures are of all its runs

  std::string notes;          // the user's
  std::string user_metadata;  // JSON text, or empty
};

// The object in readable lines, ending in a line break.
// Errors: invalid_argument when user_metadata is no JSON.
Result<std::string> metadata_json(const SweepSummary& summary);

}  // namespace sonde::sweep
