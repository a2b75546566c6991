// ping.cpp: see ping.hpp.
#include "cli/ping.hpp"

#include <optional>
#include <utility>

#include "cli/finish_output.hpp"
#include "cli/ping_run.hpp"
#include "cli/say.hpp"
#include "cli/target_list.hpp"
#include "report/pcapng.hpp"

namespace sonde::cli {

namespace {

Result<std::optional<report::OutputFile>> open_capture(const PingOptions& options) {
  if (options.pcap_file.empty()) return std::nullopt;
  report::OutputFiles files(options.force);
  for (const std::string& file : options.files) files.reads(file);
  auto opened = files.open({.path = options.pcap_file, .option = "--pcap", .recognizes = report::is_pcapng});
  if (!opened) return std::unexpected(std::move(opened.error()));
  return std::move(*opened);
}

}  // namespace

int run_ping(const PingOptions& options) {
  const auto list = expand_targets(options);
  if (!list) {
    say_line(list.error().message);
    return static_cast<int>(list.error().status);
  }
  for (const std::string& warning : list->warnings()) say(warning);
  // Before privileges go, and while a signal still ends the wait for a FIFO's reader.
  auto capture = open_capture(options);
  if (!capture) {
    say(capture.error().message());
    return static_cast<int>(status_of_output(capture.error()));
  }
  PingRun run(options, *list, std::move(*capture));
  return static_cast<int>(run.run());
}

}  // namespace sonde::cli
