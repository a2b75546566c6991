// file_faults.hpp: a program under faults that come by a counter, not by luck: killed before its n-th call that touches
// a file, that call failing, a disk that takes n bytes, no more threads, no more memory.
//
// sonde_lab_faults (faults_main.cpp) runs the program under ptrace and counts those of its calls that touch something
// below one directory: what the loader and the C library open is not counted, so a count means the same in each run.
// A sanitizer's leak check traces its own process and cannot be traced: it is switched off.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lab/process.hpp"

namespace sonde::lab {

struct CallFault {
  std::uint64_t call = 0;  // the how many-th, from 0
  int system_errno = 0;
  bool from_there_on = false;  // this call and all after it
};

struct FaultPlan {
  std::filesystem::path directory{};  // whose files count
  bool standard_streams = false;      // writes to descriptors 1 and 2 count as well, whatever they are
  std::optional<std::uint64_t> kill_before{};  // SIGKILL in place of this call, from 0
  std::optional<CallFault> failing{};
  std::optional<std::uint64_t> disk_bytes{};     // these are written, then ENOSPC for ever
  std::optional<std::uint64_t> longest_write{};  // longer ones are cut, as a kernel may
  std::optional<std::uint64_t> threads{};        // these start, then EAGAIN for ever
  std::optional<CallFault> memory{};             // of mmap (anonymous), mremap and brk
};

// `command` under the plan. What was counted is written to the file `report`, which that may replace.
Command with_faults(Command command, const FaultPlan& plan, const std::filesystem::path& report);

struct FaultReport {
  std::vector<std::string> calls;  // "openat answers.csv", "write answers.csv 123", in their order
  std::uint64_t threads = 0, memory_calls = 0;
  // The last few before the end, for a failed test's message.
  std::string tail(std::size_t count = 6) const;
};

// Throws LabError when there is none.
FaultReport read_fault_report(const std::filesystem::path& report);

}  // namespace sonde::lab
