// sweep.cpp: see sweep.hpp.
#include "cli/sweep.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "cli/exit_status.hpp"
#include "cli/finish_output.hpp"
#include "cli/say.hpp"
#include "cli/sweep_run.hpp"
#include "cli/sweep_space.hpp"
#include "report/output.hpp"

namespace sonde::cli {

namespace {

// Whom it would ask, in order.
int list_targets(const SweepOptions& options, const sweep::TargetSpace& space) {
  report::Output output(STDOUT_FILENO, "standard output");
  ExitStatus written = ExitStatus::all_answered;
  const sweep::Permutation order(space.size(), options.seed.value_or(0));
  const std::uint64_t most = options.settings.max_targets;
  const std::uint64_t limit = most != 0 ? std::min(most, space.size()) : space.size();
  const sweep::Shard shard = options.settings.shard;
  const std::uint64_t length = shard.size_of(limit);
  std::uint64_t digest = 0;  // so that nothing of it is left out
  std::string line;
  for (std::uint64_t position = 0; position < length && written == ExitStatus::all_answered; ++position) {
    const Address address = space.at(order(shard.counter(position)));
    digest += std::to_integer<unsigned>(address.padded_bytes()[3]);
    if (options.quiet) continue;
    line.clear();
    sweep::append_address(line, address);
    line += '\n';
    output.write(line);
    if (output.is_full() || output.error()) written = finish_output(output);
  }
  if (written != ExitStatus::all_answered) return static_cast<int>(written);
  if (options.quiet) output.write(fmt::format("{} addresses, digest {}\n", length, digest));
  return static_cast<int>(finish_output(output));
}

}  // namespace

int run_sweep(const SweepOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);  // shows as EPIPE
  if (options.list_fields) return static_cast<int>(write_to_standard_output(sweep::list_fields_text()));
  const auto space = make_space(options);
  if (!space) {
    say(space.error().message());
    return static_cast<int>(ExitStatus::usage);
  }
  for (const std::string& warning : space->warnings) say(warning);
  if (options.dry_run) return list_targets(options, space->built.space);
  const sweep::RecordWriter writer(options.format, *sweep::parse_fields(options.fields));
  // Before privileges go, and while a signal still ends the wait for a FIFO's reader.
  auto outputs = SweepOutputs::open(options, writer);
  if (!outputs) {
    say(outputs.error().message());
    return static_cast<int>(status_of_output(outputs.error()));
  }
  return SweepRun(options, space->built, writer, std::move(*outputs)).run();
}

}  // namespace sonde::cli
