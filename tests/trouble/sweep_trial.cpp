// sweep_trial.cpp: see sweep_trial.hpp.
#include "trouble/sweep_trial.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <utility>

namespace sonde::trouble {

std::set<std::string> loopback_addresses(unsigned count) {
  std::set<std::string> addresses;
  for (unsigned i = 0; i < count; ++i)
    addresses.insert(fmt::format("127.{}.{}.{}", i >> 16U, (i >> 8U) & 255U, i & 255U));
  return addresses;
}

Command sweep(const Words& arguments) {
  return {.arguments = Words{SONDE_PROGRAM, "sweep", "--allow-special"} + arguments};
}

Command SweepTrial::command(const Words& arguments) const {
  return sweep(Words{"-o", file("answers"), "--metadata", file("metadata"), "--linger", "100ms"} + extra_ +
               arguments + Words{fmt::format("127.0.0.0/{}", 26)});
}

Broken SweepTrial::check_whole() const {
  const SweepRows rows = SweepRows::parse(content_of(file("answers")));
  Broken broken = known_is_written(rows, loopback_addresses(addresses));
  if (!rows.ends) broken.emplace_back("(I1) the last line has no end");
  const auto account = SweepAccount::parse(content_of(file("metadata")));
  if (!account) {
    broken.emplace_back("(I1) the metadata are no whole object");
  } else {
    broken = broken + account_is_exact(*account, rows, addresses);
    if (account->end != "finished")
      broken.push_back("(I1) the sweep is through, and its end is " + account->end);
  }
  return broken;
}

Broken SweepTrial::resume() const {
  const bool begun = std::filesystem::exists(file("state"));
  const char* option = begun ? "--resume" : "--checkpoint";
  const Ended ended = run_ended(*space_, command({"-r", "1000", option, file("state")}));
  Broken broken = ends_and_says_why(ended, {.statuses = {0}});
  if (ended.finished.status == 0) broken = broken + check_whole();
  return at(fmt::format("resumed by {}", option), std::move(broken));
}

Broken SweepTrial::run(FaultPlan plan) {
  plan.directory = files_.path();
  const std::filesystem::path reported = other_.path() / "report";
  const Ended ended =
      run_ended(*space_, with_faults(command({"-r", "60", "--checkpoint", file("state")}), plan, reported));
  report_ = lab::read_fault_report(reported);
  const bool killed = ended.finished.signal == SIGKILL && plan.kill_before;
  Broken broken;
  if (!killed) broken = ends_and_says_why(ended, {.statuses = {0, 2, 3, 4}, .successes = {0}});
  const bool has_removed = std::ranges::any_of(report_.calls, [](const std::string& call) {
    return call.starts_with("unlink") && call.ends_with(" state");
  });
  if (ended.finished.status == 0) {
    broken = broken + check_whole();
    // What could not be removed is told of, and does no harm.
    if (std::filesystem::exists(file("state"))) {
      if (ended.finished.errors.find(file("state")) == std::string::npos)
        broken.emplace_back("(I2) the sweep is through, its checkpoint is there");
      broken = broken + resume();
    }
  } else {
    // What is no longer kept is through: its answers are all there, whatever comes after.
    if (killed && has_removed && !std::filesystem::exists(file("state")))
      broken = broken +
               known_is_written(SweepRows::parse(content_of(file("answers"))), loopback_addresses(addresses));
    broken = broken + resume();
  }
  if (!broken.empty())
    broken.push_back(fmt::format("... behind status {}, signal {}, '{}', calls:{}", ended.finished.status,
                                 ended.finished.signal, ended.finished.errors, report_.tail()));
  return broken;
}

}  // namespace sonde::trouble
