// file_faults.cpp: a plan as the arguments of sonde_lab_faults, and what that reports.
#include "lab/file_faults.hpp"

#include <fmt/format.h>

#include <fstream>
#include <utility>

namespace sonde::lab {
namespace {

void add(std::vector<std::string>& arguments, const char* option, const std::optional<std::uint64_t>& value) {
  if (value) arguments.insert(arguments.end(), {option, std::to_string(*value)});
}

void add(std::vector<std::string>& arguments, const char* option, const std::optional<CallFault>& fault) {
  if (!fault) return;
  arguments.insert(arguments.end(), {option, std::to_string(fault->call), std::to_string(fault->system_errno),
                                     fault->from_there_on ? "on" : "once"});
}

}  // namespace

Command with_faults(Command command, const FaultPlan& plan, const std::filesystem::path& report) {
  std::vector<std::string> arguments{SONDE_LAB_FAULTS, "--report", report};
  if (!plan.directory.empty()) arguments.insert(arguments.end(), {"--under", plan.directory});
  if (plan.standard_streams) arguments.emplace_back("--streams");
  add(arguments, "--kill", plan.kill_before);
  add(arguments, "--fail", plan.failing);
  add(arguments, "--disk", plan.disk_bytes);
  add(arguments, "--short", plan.longest_write);
  add(arguments, "--threads", plan.threads);
  add(arguments, "--memory", plan.memory);
  arguments.emplace_back("--");
  arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
  command.arguments = std::move(arguments);
  command.environment.emplace_back("ASAN_OPTIONS=detect_leaks=0");
  return command;
}

std::string FaultReport::tail(std::size_t count) const {
  std::string text;
  for (std::size_t i = calls.size() < count ? 0 : calls.size() - count; i < calls.size(); ++i)
    text += fmt::format("\n  {:3} {}", i, calls[i]);
  return text;
}

FaultReport read_fault_report(const std::filesystem::path& report) {
  std::ifstream stream(report);
  if (!stream) throw LabError("no report of faults in " + report.string());
  FaultReport result;
  for (std::string line; std::getline(stream, line);) {
    if (line == "clone") {
      ++result.threads;
    } else if (line == "memory") {
      ++result.memory_calls;
    } else {
      result.calls.push_back(std::move(line));
    }
  }
  return result;
}

}  // namespace sonde::lab
