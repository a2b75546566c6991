// sweep_options.hpp: what `sonde sweep` was asked to do, as validated plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sonde/address.hpp"
#include "sonde/time.hpp"
#include "sweep/record_writer.hpp"
#include "sweep/settings.hpp"

namespace sonde::cli {

struct SweepOptions {
  std::vector<std::string> command_line;  // as it was given, the program first
  std::vector<std::string> targets;       // prefixes, ranges, addresses and files ("-": standard input)
  std::vector<std::string> exclude;       // the same without files
  std::vector<std::string> exclude_files;
  bool allow_special = false;
  bool yes = false;  // more than `most_without_yes` addresses may be asked

  sweep::Settings settings;
  std::optional<std::uint64_t> seed;       // nullopt: a random one
  std::optional<Nanoseconds> max_runtime;  // of sending
  double min_hit_rate = 0;                 // ratio; end when fewer answer

  std::string output_file;  // empty: standard output
  sweep::RecordFormat format = sweep::RecordFormat::csv;
  std::string fields{sweep::default_fields};  // as parse_fields() reads it; checked
  std::string filter;  // as Filter::parse() reads it; checked; empty: replies, each address once
  std::string metadata_file, heatmap_file, checkpoint_file, resume_file;
  bool force = false;  // replace files that hold something else
  bool dry_run = false;
  bool quiet = false;
  bool list_fields = false;

  static constexpr std::uint64_t most_without_yes = std::uint64_t{1} << 24;

  friend bool operator==(const SweepOptions&, const SweepOptions&) = default;
};

}  // namespace sonde::cli
