// nothing_lost.cpp: see nothing_lost.hpp.
#include "trouble/nothing_lost.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

namespace sonde::trouble {
namespace {

using nlohmann::json;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string shortened(std::string_view text) {
  constexpr std::size_t most = 300;
  return text.size() <= most ? std::string(text) : std::string(text.substr(0, most)) + "...";
}

// "127.0.0.1,0.018532"
bool is_csv_row(std::string_view line, std::size_t cells) {
  const auto found = static_cast<std::size_t>(std::ranges::count(line, ','));
  const std::size_t last = line.rfind(',');
  return found + 1 == cells && last != std::string_view::npos && last + 1 < line.size();
}

std::optional<std::string> address_of_json(std::string_view line) {
  const json row = json::parse(line, nullptr, false);
  if (row.is_discarded() || !row.is_object() || !row.contains("address")) return std::nullopt;
  return row["address"].get<std::string>();
}

}  // namespace

Broken at(const std::string& where, Broken broken) {
  for (std::string& line : broken) line.insert(0, where + ": ");
  return broken;
}

Broken said_is_written(const Ended& ended, std::string_view output, const Missing& missing) {
  const lab::Finished& finished = ended.finished;
  // A run that was killed says nothing, nor does one that was refused before it began.
  if (finished.status < 0 || finished.status > 1) return {};
  const std::string lacks = missing(output);
  if (lacks.empty()) return {};
  return {fmt::format("(I1) status {} and yet {} in {} bytes of output; it says: {}", finished.status, lacks,
                      output.size(), shortened(finished.errors))};
}

SweepRows SweepRows::parse(std::string_view output) {
  SweepRows result;
  result.ends = output.empty() || output.ends_with('\n');
  const auto lines = lines_of(output);
  const bool is_json = output.starts_with('{');
  const std::size_t cells =
      lines.empty() ? 0 : static_cast<std::size_t>(std::ranges::count(lines.front(), ',')) + 1;
  for (std::size_t i = is_json ? 0 : 1; i < lines.size(); ++i) {
    std::optional<std::string> address;
    if (is_json) {
      address = address_of_json(lines[i]);
    } else if (is_csv_row(lines[i], cells)) {
      address = std::string(lines[i].substr(0, lines[i].find(',')));
    }
    const bool ended = i + 1 < lines.size() || result.ends;
    if (!address || !ended) {
      result.cut.push_back(fmt::format("line {} of {} is cut: '{}'", i + 1, lines.size(), lines[i]));
      continue;
    }
    ++result.rows;
    result.addresses.insert(*address);
  }
  return result;
}

std::optional<SweepAccount> SweepAccount::parse(std::string_view metadata) {
  const json object = json::parse(metadata, nullptr, false);
  if (object.is_discarded() || !object.is_object() || !object.contains("output_results")) return std::nullopt;
  return SweepAccount{.success_unique = object["success_unique"].get<std::uint64_t>(),
                      .output_results = object["output_results"].get<std::uint64_t>(),
                      .targets_scanned = object["targets_scanned"].get<std::uint64_t>(),
                      .hitrate = object["hitrate"].get<double>(),
                      .end = object["end"].get<std::string>()};
}

Broken known_is_written(const SweepRows& rows, const std::set<std::string>& expected) {
  Broken broken;
  std::vector<std::string> missing, foreign;
  std::ranges::set_difference(expected, rows.addresses, std::back_inserter(missing));
  std::ranges::set_difference(rows.addresses, expected, std::back_inserter(foreign));
  if (!missing.empty())
    broken.push_back(fmt::format("(I2) {} of {} answers are not in the output, {} the first of them",
                                 missing.size(), expected.size(), missing.front()));
  if (!foreign.empty())
    broken.push_back(
        fmt::format("(I2) {} rows of what was not asked, '{}' the first", foreign.size(), foreign.front()));
  return broken + at("(I2)", rows.cut);
}

Broken account_is_exact(const SweepAccount& account, const SweepRows& rows, std::uint64_t asked) {
  Broken broken;
  const auto differ = [&](const char* what, auto said, auto is) {
    if (said != is) broken.push_back(fmt::format("(I2) {} is {}, and not {}", what, is, said));
  };
  differ("success_unique in truth", account.success_unique, rows.addresses.size());
  differ("output_results in truth", account.output_results, rows.rows);
  differ("targets_scanned in truth", account.targets_scanned, asked);
  const double rate =
      asked == 0 ? 0 : 100 * static_cast<double>(rows.addresses.size()) / static_cast<double>(asked);
  if (std::abs(account.hitrate - rate) > 1e-6) differ("hitrate in truth", account.hitrate, rate);
  return broken;
}

Untouched::State Untouched::look(const std::filesystem::path& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return {};
  State state{.exists = true,
              .inode = status.st_ino,
              .mode = status.st_mode,
              .owner = status.st_uid,
              .device = status.st_rdev,
              .content = {}};
  if (S_ISLNK(status.st_mode)) state.content = std::filesystem::read_symlink(path);
  if (S_ISREG(status.st_mode)) {
    std::ifstream stream(path, std::ios::binary);
    state.content.assign(std::istreambuf_iterator<char>(stream), {});
  }
  return state;
}

void Untouched::add(const std::filesystem::path& path) {
  const State state = look(path);
  states_[path] = state;
  if (S_ISLNK(state.mode)) add(path.parent_path() / state.content);
}

Broken Untouched::broken() const {
  Broken broken;
  for (const auto& [path, before] : states_) {
    const State now = look(path);
    if (now == before) continue;
    std::string how = "has other content: '" + shortened(now.content) + "'";
    if (now.exists != before.exists) {
      how = now.exists ? "was made" : "is gone";
    } else if ((now.mode & S_IFMT) != (before.mode & S_IFMT)) {
      how = "is of another kind";
    } else if (now.inode != before.inode) {
      how = "is another file";
    } else if (now.mode != before.mode || now.owner != before.owner || now.device != before.device) {
      how = "has another mode or owner";
    }
    broken.push_back(fmt::format("(I3) {} {}", path.filename().string(), how));
  }
  return broken;
}

Broken ends_and_says_why(const Ended& ended, const Ends& ends) {
  const lab::Finished& finished = ended.finished;
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  if (finished.timed_out || ended.elapsed > ends.within)
    return {fmt::format("(I4) it goes on after {} ms; it says: {}",
                        duration_cast<milliseconds>(ended.elapsed).count(), shortened(finished.errors))};
  Broken broken;
  if (finished.signal != 0 && !ends.signals.contains(finished.signal)) {
    broken.push_back(
        fmt::format("(I4) signal {} ended it; it says: {}", finished.signal, shortened(finished.errors)));
  } else if (finished.signal == 0 && !ends.statuses.contains(finished.status)) {
    broken.push_back(fmt::format("(I4) status {} is none of the statuses that tell; it says: {}",
                                 finished.status, shortened(finished.errors)));
  }
  if (finished.signal == 0 && !ends.successes.contains(finished.status) && finished.errors.empty() &&
      !ends.reader_is_gone)
    broken.push_back(fmt::format("(I4) status {} without a word", finished.status));
  std::map<std::string_view, std::int64_t> said;
  for (const std::string_view line : lines_of(finished.errors)) {
    if (!line.empty()) ++said[line];
  }
  const auto seconds = duration_cast<std::chrono::seconds>(ended.elapsed).count();
  for (const auto& [line, times] : said) {
    if (times > seconds + 1)
      broken.push_back(fmt::format("(I4) {} times in {} s: {}", times, seconds, shortened(line)));
  }
  return broken;
}

}  // namespace sonde::trouble
