// writers.cpp: see writers.hpp.
#include "trouble/writers.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cstring>
#include <exception>

namespace sonde::trouble {
namespace {

constexpr std::string_view placeholder = "FILE";
constexpr int large_count = 20'000;

std::string mtr_input(int tokens) {
  std::string input;
  for (int token = 1; token <= tokens; ++token)
    input += fmt::format("{} send-probe ip-4 127.0.0.1 timeout 5\n", token);
  return input;
}

std::size_t lines_in(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

std::string_view last_line(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text.substr(text.rfind('\n') + 1);
}

std::string_view first_word(std::string_view line) {
  return line.substr(0, line.find_first_of(" ,{:"));
}

std::string last_line_missing(std::string_view output, std::string_view undisturbed) {
  if (!output.ends_with('\n')) return "the last line's end is missing";
  const std::string_view last = first_word(last_line(output)), right = first_word(last_line(undisturbed));
  // A time is another one in each run.
  const auto is_time = [](std::string_view word) {
    return !word.empty() && word.front() >= '0' && word.front() <= '9';
  };
  if (is_time(last) && is_time(right)) return "";
  return last == right ? "" : fmt::format("the last line begins '{}', not '{}'", last, right);
}

// Behind the last lines that are always there may be others, of what was noticed.
std::string account_missing(std::string_view output) {
  if (!output.ends_with('\n')) return "the last line's end is missing";
  const bool of_one = output.find("\ntime ") != std::string_view::npos;
  const bool of_several = output.find("\nsent ") != std::string_view::npos;
  return of_one || of_several ? "" : "the account is not whole";
}

std::string object_missing(std::string_view output) {
  if (output.empty()) return "there is no object";
  return nlohmann::json::accept(output) ? "" : "the object is not whole";
}

std::string ping_json_missing(std::string_view output) {
  try {
    const SondeRun run = SondeRun::parse(output);
    if (!run.end) return "the account at the end is missing";
    std::uint64_t sent = 0, answered = 0, replies = 0;
    for (const SondeSummary& summary : run.summaries) {
      sent += summary.sent;
      answered += summary.received;
    }
    for (const SondeEvent& event : run.events) {
      if (event.event == "reply") ++replies;
    }
    if (run.end->probes != sent) return fmt::format("{} probes are summed up of {}", sent, run.end->probes);
    return replies == answered ? "" : fmt::format("{} replies are written of {}", replies, answered);
  } catch (const std::exception& error) {
    return fmt::format("a line is cut: {}", error.what());
  }
}

std::string blocks_missing(std::string_view output, std::string_view undisturbed) {
  // pcapng: type, length, content, length once more.
  const auto blocks = [](std::string_view bytes) -> std::int64_t {
    std::int64_t count = 0;
    while (!bytes.empty()) {
      std::uint32_t length = 0;
      if (bytes.size() < 12) return -1;
      std::memcpy(&length, bytes.data() + 4, sizeof length);
      if (length < 12 || length > bytes.size()) return -1;
      bytes.remove_prefix(length);
      ++count;
    }
    return count;
  };
  const auto has = blocks(output), right = blocks(undisturbed);
  if (has < 0) return "a block is cut";
  return has == right ? "" : fmt::format("{} blocks are there of {}", has, right);
}

std::string rows_missing(std::string_view output, const Finished& finished) {
  const SweepRows rows = SweepRows::parse(output);
  if (!rows.cut.empty()) return rows.cut.front();
  const std::string_view said = finished.errors;
  const std::size_t at = said.find(" addresses answered");
  if (at == std::string_view::npos) return "the account is missing";
  const std::size_t begin = said.rfind(' ', at - 1) + 1;
  const auto count = std::stoull(std::string(said.substr(begin, at - begin)));
  return rows.rows == count && rows.addresses.size() == count
             ? ""
             : fmt::format("{} rows are there of {}", rows.rows, count);
}

std::string tokens_missing(std::string_view output, const std::string& input) {
  if (!output.ends_with('\n')) return "the last line's end is missing";
  std::set<std::string, std::less<>> answered;
  for (std::string_view left = output; !left.empty();) {
    const std::size_t end = left.find('\n');
    answered.emplace(left.substr(0, left.find(' ')));
    left.remove_prefix(end + 1);
  }
  const std::size_t asked = lines_in(input);
  return answered.size() == asked ? "" : fmt::format("{} tokens are answered of {}", answered.size(), asked);
}

}  // namespace

bool Writer::names_file() const {
  return std::ranges::any_of(
      arguments, [](const std::string& word) { return word.find(placeholder) != std::string::npos; });
}

Command Writer::command(const std::string& file, const Words& extra) const {
  Words words;
  for (std::string word : arguments) {
    if (const auto at = word.find(placeholder); at != std::string::npos)
      word.replace(at, placeholder.size(), file);
    words.push_back(std::move(word));
  }
  const std::string path =
      is_stand_in() ? (std::filesystem::path(SONDE_PROGRAM).parent_path() / "faces" / program).string()
                    : SONDE_PROGRAM;
  // A command's name comes first.
  const std::size_t names = !is_stand_in() && !words.empty() && !words.front().starts_with('-') ? 1 : 0;
  words.insert(words.begin() + static_cast<std::ptrdiff_t>(names), extra.begin(), extra.end());
  Command command{.arguments = Words{path} + words, .input = input, .time_limit = std::chrono::seconds(30)};
  command.environment = {"TERM=xterm", "LINES=24", "COLUMNS=80"};
  return command;
}

const std::vector<Writer>& small_writers() {
  const Words few{"-c", "3", "-i", "5ms"}, sweep{"sweep", "--allow-special", "--linger", "50ms", "-r", "max"};
  const Words both{"127.0.0.1", "127.0.0.2"};
  static const std::vector<Writer> all{
      {"PingText", "sonde", Words{"ping"} + few + Words{"127.0.0.1"}, Shape::account},
      {"PingJson", "sonde", Words{"ping", "--format", "json"} + few + both, Shape::ping_json},
      {"PingCsv", "sonde", Words{"ping", "--format", "csv"} + few + both, Shape::lines},
      {"PingPrometheus", "sonde", Words{"ping", "--format", "prometheus"} + few + both, Shape::lines},
      {"PingQuiet", "sonde", Words{"ping", "-q"} + few + both, Shape::account},
      {"PingAlive", "sonde", Words{"ping", "--alive"} + few + both, Shape::exact},
      {"PingCapture", "sonde", Words{"ping", "--pcap", "FILE"} + few + both, Shape::capture},
      {"SweepCsv", "sonde", sweep + Words{"127.0.0.0/29"}, Shape::sweep_rows},
      {"SweepJson", "sonde", sweep + Words{"--format", "json", "127.0.0.0/29"}, Shape::sweep_rows},
      {"SweepOutput", "sonde", sweep + Words{"-o", "FILE", "127.0.0.0/29"}, Shape::sweep_rows},
      {"SweepMetadata", "sonde", sweep + Words{"--metadata", "FILE", "127.0.0.0/29"}, Shape::object},
      {"SweepHeatmapPicture", "sonde", sweep + Words{"--heatmap", "FILE.png", "127.0.0.0/29"},
       Shape::picture},
      {"SweepHeatmapDrawing", "sonde", sweep + Words{"--heatmap", "FILE.svg", "127.0.0.0/29"},
       Shape::drawing},
      {"SweepDryRun", "sonde", sweep + Words{"--dry-run", "--seed", "5", "127.0.0.0/29"}, Shape::exact},
      {"SweepListFields", "sonde", {"sweep", "--list-fields"}, Shape::exact},
      {"ExplainText", "sonde", {"explain", "127.0.0.1"}, Shape::last_line},
      {"ExplainJson", "sonde", {"explain", "--format", "json", "127.0.0.1"}, Shape::object},
      {"ExplainDrawing", "sonde", {"explain", "--svg", "FILE.svg", "127.0.0.1"}, Shape::drawing},
      {"DoctorText", "sonde", {"doctor"}, Shape::last_line},
      {"DoctorJson", "sonde", {"doctor", "--format", "json"}, Shape::object},
      {"Help", "sonde", {"--help"}, Shape::exact},
      {"HelpOfPing", "sonde", {"ping", "--help"}, Shape::exact},
      {"Version", "sonde", {"--version"}, Shape::exact},
      {"ManPage", "sonde", {"--print-man-page"}, Shape::exact},
      {"Completion", "sonde", {"--print-completion", "bash"}, Shape::exact},
      {"StandInPing", "ping", {"-c", "3", "-i", "0.005", "127.0.0.1"}, Shape::lines},
      {"StandInFping", "fping", {"-C", "2", "-p", "10", "127.0.0.1", "127.0.0.2"}, Shape::lines},
      {"StandInFpingAlive", "fping", {"-a", "127.0.0.1", "127.0.0.2"}, Shape::exact},
      {"StandInOping", "oping", {"-c", "2", "-i", "0.005", "127.0.0.1"}, Shape::lines},
      {"StandInOpingTimes", "oping", {"-c", "3", "-i", "0.005", "-O", "FILE", "127.0.0.1"}, Shape::lines},
      {"StandInNoping", "noping", {"-c", "2", "-i", "0.005", "127.0.0.1"}, Shape::screen},
      {"StandInMtrPacket", "mtr-packet", {}, Shape::tokens, mtr_input(6)},
  };
  return all;
}

const std::vector<Writer>& large_writers() {
  const std::string count = std::to_string(large_count);
  const Words many{"ping", "-c", count, "-i", "0"};
  const Words sweep{"sweep", "--allow-special", "--linger", "200ms", "-r", "max"};
  static const std::vector<Writer> all{
      {"PingText", "sonde", many + Words{"127.0.0.1"}, Shape::account},
      {"PingJson", "sonde", many + Words{"--format", "json", "127.0.0.1"}, Shape::ping_json},
      {"PingCsv", "sonde", many + Words{"--format", "csv", "127.0.0.1"}, Shape::last_line},
      {"SweepCsv", "sonde", sweep + Words{"127.0.0.0/17"}, Shape::sweep_rows},
      {"SweepJson", "sonde", sweep + Words{"--format", "json", "127.0.0.0/17"}, Shape::sweep_rows},
      {"SweepDryRun",
       "sonde",
       {"sweep", "--allow-special", "--dry-run", "--seed", "5", "127.0.0.0/12"},
       Shape::exact},
      {"ManPage", "sonde", {"--print-man-page"}, Shape::exact},
      {"StandInPing", "ping", {"-i", "0", "-c", "5000", "127.0.0.1"}, Shape::lines},
      {"StandInFping", "fping", {"-i", "0", "-C", "1", "-g", "127.0.0.0/20"}, Shape::lines},
      {"StandInOping", "oping", {"-c", "3000", "-i", "0.001", "127.0.0.1"}, Shape::lines},
      {"StandInMtrPacket", "mtr-packet", {}, Shape::tokens, mtr_input(4000)},
  };
  return all;
}

std::string what_is_missing(const Writer& writer, std::string_view output, std::string_view undisturbed,
                            const Finished& finished) {
  switch (writer.shape) {
    case Shape::exact:
      return output == undisturbed
                 ? ""
                 : fmt::format("{} bytes are there of {}", output.size(), undisturbed.size());
    case Shape::lines:
      // A run that lacks something may say more.
      if (lines_in(output) < lines_in(undisturbed))
        return fmt::format("{} lines are there of {}", lines_in(output), lines_in(undisturbed));
      return last_line_missing(output, undisturbed);
    case Shape::account:
      return account_missing(output);
    case Shape::last_line:
      return last_line_missing(output, undisturbed);
    case Shape::object:
      return object_missing(output);
    case Shape::ping_json:
      return ping_json_missing(output);
    case Shape::drawing:
      return output.ends_with("</svg>\n") ? "" : "the drawing has no end";
    case Shape::picture:
      return output.find("IEND") != std::string_view::npos && output.size() == output.find("IEND") + 8
                 ? ""
                 : "the picture has no end";
    case Shape::capture:
      return blocks_missing(output, undisturbed);
    case Shape::screen:
      return output.size() >= 10 && output.ends_with(undisturbed.substr(undisturbed.size() - 10))
                 ? ""
                 : "the screen is not put back";
    case Shape::sweep_rows:
      return rows_missing(output, finished);
    case Shape::tokens:
      return tokens_missing(output, writer.input);
  }
  return "";
}

Ends ends_of(const Writer& writer) {
  Ends ends;
  // Killed by a broken pipe is how the originals end, too.
  if (writer.is_stand_in()) ends.signals = {SIGPIPE};
  return ends;
}

}  // namespace sonde::trouble
