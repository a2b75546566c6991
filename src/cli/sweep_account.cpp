// sweep_account.cpp: see sweep_account.hpp.
#include "cli/sweep_account.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "sonde/version.hpp"

namespace sonde::cli {

namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

// A time of this run on the wall clock, as it was at the end.
std::optional<UnixTime> to_unix(const std::optional<MonotonicTime>& time, UnixTime now_unix) {
  if (!time) return std::nullopt;
  return now_unix - (Clock::system().monotonic() - *time);
}

}  // namespace

std::vector<std::string> summary_lines(const SweepAccount& account) {
  const sweep::Counts& counts = account.state.counts;
  const double seconds = std::chrono::duration<double>(account.elapsed).count();
  std::vector<std::string> lines{
      fmt::format("{} probes sent in {:.1f} s, {} addresses answered ({:.2f} %)", counts.sent, seconds,
                  counts.answering, percent(counts.answering, account.state.asked)),
      fmt::format(
          "{} late, {} duplicate, {} forged, {} ICMP errors; on this host: {} refused, {} answers dropped",
          counts.late, counts.duplicates, counts.forged, counts.errors, counts.refused,
          counts.receive_drops)};
  if (counts.rtt_bounds > 0)
    lines.push_back(
        fmt::format("{} round-trip times are too short to be told: upper bounds", counts.rtt_bounds));
  for (const auto& [system_errno, probes] : account.state.refusals)
    lines.push_back(Error::from_errno(system_errno, fmt::format("{} probes never left", probes)).message());
  if (account.end == sweep::SweepEnd::min_hit_rate)
    lines.emplace_back("ended, as fewer answered than --min-hitrate");
  return lines;
}

Result<std::string> make_metadata(const SweepAccount& account) {
  const SweepOptions& options = *account.options;
  const sweep::Settings& settings = options.settings;
  sweep::SweepSummary summary;
  summary.version = version();
  summary.host_name = host_name();
  summary.command_line = options.command_line;
  summary.end = account.end;
  summary.failure = account.failure;
  summary.targets = options.targets;
  summary.excluded = options.exclude;
  summary.excluded.insert(summary.excluded.end(), options.exclude_files.begin(), options.exclude_files.end());
  summary.addresses = account.space->space.size();
  summary.excluded_addresses = account.space->excluded;
  summary.special_addresses = account.space->special;
  summary.space_digest = account.space->space.digest();
  summary.shard = settings.shard.number;
  summary.shards = settings.shard.shards;
  summary.seed = settings.seed;
  summary.seed_given = options.seed.has_value();
  summary.rate = settings.rate;
  summary.probes = settings.rounds.probes;
  summary.retries = settings.rounds.retries;
  summary.threads = settings.threads;
  summary.sockets = settings.sockets;
  summary.transport = to_string(account.transport);
  summary.interface = settings.network.interface;
  for (const Address& source : settings.sources) summary.sources.push_back(source.to_string());
  summary.linger = settings.linger;
  summary.late_after = settings.late;
  summary.max_targets = settings.max_targets;
  summary.max_results = settings.max_results;
  summary.max_runtime = options.max_runtime.value_or(Nanoseconds::zero());
  summary.min_hit_rate = options.min_hit_rate;
  summary.output_file = options.output_file;
  summary.output_format = options.format == sweep::RecordFormat::csv ? "csv" : "json";
  summary.fields = options.fields;
  summary.filter = options.filter;
  summary.contact = settings.contact;
  summary.counts = account.state.counts;
  summary.handovers = account.state.handovers;
  summary.asked = account.state.asked;
  summary.written = account.written;
  summary.refusals = account.state.refusals;
  summary.started = account.started;
  summary.first_sent = to_unix(account.state.first_sent, account.ended);
  summary.last_sent = to_unix(account.state.last_sent, account.ended);
  summary.ended = account.ended;
  summary.resumptions = options.resume_file.empty() ? 0 : 1;

  return sweep::metadata_json(summary);
}

}  // namespace sonde::cli
