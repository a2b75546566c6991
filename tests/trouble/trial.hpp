// trial.hpp: runs a command under a fault, with a reader of its standard output that behaves as it is told to.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lab/file_faults.hpp"
#include "trouble/nothing_lost.hpp"
#include "trouble/program.hpp"

namespace sonde::trouble {

using lab::CallFault;
using lab::FaultPlan;
using lab::FaultReport;

Ended run_ended(const Namespace& space, Command command);

// How standard output is read.
struct Reader {
  std::chrono::milliseconds stall{0};       // nothing is read for so long
  bool byte_by_byte = false;                // of a pipe of one page
  std::optional<std::size_t> goes_after{};  // so many bytes
  bool nonblocking = false;                 // what it writes to has O_NONBLOCK
  bool is_socket = false;                   // and is no pipe
};

struct Read {
  Ended ended;
  std::string output;  // what the reader got
};

Read run_read(const Namespace& space, Command command, const Reader& reader);

// Standard output is a file: what was in it when the run ended.
Read run_to_file(const Namespace& space, Command command, const std::filesystem::path& file);

// of(0), of(1), ... on some threads; most of a trial is waiting.
Broken in_parallel(std::size_t count, const std::function<Broken(std::size_t)>& of);

std::string content_of(const std::filesystem::path& file);

// For ADD_FAILURE(): the first few of many, and how many there are.
std::string text_of(const Broken& broken);

}  // namespace sonde::trouble
