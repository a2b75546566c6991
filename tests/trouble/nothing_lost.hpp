// nothing_lost.hpp: what holds of every run, whatever fails around it. The four invariants, each stated once:
//
//   (I1) said_is_written       What a run that did not end with "output failed" says it wrote is in the output, whole.
//   (I2) known_is_written      What a checkpoint knows is in the output: the rows of a run that ended somehow and those of
//                              the run that resumed it are all answers, no line is cut, and the account is exact.
//   (I3) Untouched::broken     What is not the run's own keeps its content, inode, mode and kind.
//   (I4) ends_and_says_why     Every run ends in bounded time, with a status that tells, and a line that says why, and no
//                              line twice a second.
//
// Each returns what breaks it, a line for each, and nothing when it holds: tests say EXPECT_THAT(..., IsEmpty()).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lab/process.hpp"
#include "trouble/program.hpp"

namespace sonde::trouble {

using Broken = Words;

// With `where` in front of each line.
Broken at(const std::string& where, Broken broken);

// What is missing in an output that should be all there; empty: nothing.
using Missing = std::function<std::string(std::string_view output)>;

// A run that ended, and how long it took.
struct Ended {
  lab::Finished finished;
  std::chrono::steady_clock::duration elapsed{};
};

// --- (I1) ---

inline constexpr int output_failed = 4;

// `output` is what arrived where the run wrote.
Broken said_is_written(const Ended& ended, std::string_view output, const Missing& missing);

// --- (I2) ---

// The rows of a sweep, CSV with a header or JSON lines.
struct SweepRows {
  std::set<std::string> addresses;
  std::uint64_t rows = 0;
  Broken cut;        // lines that are no whole row, each with its number
  bool ends = true;  // with a line's end

  // What stands in an output that another part follows: the last line may be cut, as nothing was said of it.
  static SweepRows parse(std::string_view output);
};

// What --metadata has of it.
struct SweepAccount {
  std::uint64_t success_unique = 0, output_results = 0, targets_scanned = 0;
  double hitrate = 0;
  std::string end;

  // None: it is no whole object.
  static std::optional<SweepAccount> parse(std::string_view metadata);
};

// Of the whole output after the last run, which ended with `status`: `expected` addresses, all of which answer.
Broken known_is_written(const SweepRows& rows, const std::set<std::string>& expected);
// And of the last run's own account of it.
Broken account_is_exact(const SweepAccount& account, const SweepRows& rows, std::uint64_t asked);

// --- (I3) ---

// What lies there now; later, what of that has changed. A link is looked at itself, and what it leads to as well.
class Untouched {
 public:
  void add(const std::filesystem::path& path);
  Broken broken() const;

 private:
  struct State {
    bool exists = false;
    ino_t inode = 0;
    mode_t mode = 0;
    uid_t owner = 0;
    dev_t device = 0;
    std::string content;  // of a regular file; where a link leads to

    friend bool operator==(const State&, const State&) = default;
  };
  static State look(const std::filesystem::path& path);

  std::map<std::filesystem::path, State> states_;
};

// --- (I4) ---

// How a run may end. A reader that has gone away needs no line, as nobody is left whom it is news to.
struct Ends {
  std::chrono::milliseconds within = std::chrono::seconds(20);
  std::set<int> statuses{0, 1, 2, 3, 4};
  std::set<int> signals{};
  std::set<int> successes{0, 1};  // these need no line
  bool reader_is_gone = false;
};

Broken ends_and_says_why(const Ended& ended, const Ends& ends = {});

}  // namespace sonde::trouble
