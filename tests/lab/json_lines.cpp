// json_lines.cpp: reads sonde's JSON lines, strictly: what the schema demands must be there, with the right
// type.
#include "lab/json_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>

#include "lab/process.hpp"

namespace sonde::lab {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 8> event_names = {"reply", "lost",      "late",     "error",
                                                         "local", "duplicate", "rejected", "note"};

template <typename Value>
void read_optional(const json& line, const char* name, Value& value) {
  if (const auto found = line.find(name); found != line.end() && !found->is_null()) {
    value = found->get<std::remove_reference_t<Value>>();
  }
}

template <typename Value>
void read_optional(const json& line, const char* name, std::optional<Value>& value) {
  if (const auto found = line.find(name); found != line.end() && !found->is_null())
    value = found->get<Value>();
}

SondeEvent read_event(const json& line) {
  SondeEvent event;
  event.event = line.at("event");
  const bool of_target = event.event != "rejected";  // a rejected packet may fit no target
  if (of_target) {
    event.target = line.at("target");
    event.address = line.at("address");
    event.sequence = line.at("seq");
    event.sent_unix_ns = line.at("sent_unix_ns");
  } else {
    read_optional(line, "target", event.target);
    read_optional(line, "address", event.address);
    read_optional(line, "seq", event.sequence);
    read_optional(line, "sent_unix_ns", event.sent_unix_ns);
  }
  read_optional(line, "label", event.label);
  read_optional(line, "reason", event.reason);
  read_optional(line, "clock", event.clock);
  read_optional(line, "rtt_ns", event.rtt_ns);
  read_optional(line, "host_ns", event.host_ns);
  read_optional(line, "from", event.from);
  read_optional(line, "ttl", event.ttl);
  read_optional(line, "bytes", event.bytes);
  read_optional(line, "icmp_type", event.icmp_type);
  read_optional(line, "icmp_code", event.icmp_code);
  read_optional(line, "mtu", event.mtu);
  read_optional(line, "errno", event.system_errno);
  read_optional(line, "flags", event.flags);
  return event;
}

SondeSummary read_summary(const json& line) {
  SondeSummary summary;
  summary.target = line.at("target");
  read_optional(line, "label", summary.label);
  read_optional(line, "transport", summary.transport);
  read_optional(line, "address", summary.address);
  summary.sent = line.at("sent");
  summary.received = line.at("received");
  summary.lost = line.at("lost");
  summary.late = line.at("late");
  summary.errors = line.at("errors");
  summary.local = line.at("local");
  summary.duplicates = line.at("duplicates");
  summary.rejected = line.at("rejected");
  if (!line.at("loss_ratio").is_null()) summary.loss_ratio = line.at("loss_ratio").get<double>();
  if (!line.at("jitter_ns").is_null()) summary.jitter_ns = line.at("jitter_ns").get<std::int64_t>();
  if (const json& rtt = line.at("rtt"); !rtt.is_null()) {
    summary.has_rtt = true;
    summary.rtt_min_ns = rtt.at("min_ns");
    summary.rtt_mean_ns = rtt.at("mean_ns");
    summary.rtt_max_ns = rtt.at("max_ns");
    summary.rtt_p50_ns = rtt.at("p50_ns");
  }
  return summary;
}

SondeEnd read_end(const json& line) {
  return {.probes = line.at("probes"),
          .receive_drops = line.at("receive_drops"),
          .stamp_drops = line.at("stamp_drops"),
          .rejected = line.at("rejected"),
          .elapsed_ns = line.at("elapsed_ns")};
}

void read_line(const json& line, SondeRun& run) {
  const std::string event = line.at("event");
  if (run.end) throw LabError("a line after the end");
  if (run.start.is_null() != (event == "start")) throw LabError("the first line, and no other, is the start");
  if (event == "start") {
    if (line.at("schema") != 1) throw LabError("another schema than 1");
    run.start = line;
  } else if (event == "summary") {
    run.summaries.push_back(read_summary(line));
  } else if (event == "end") {
    run.end = read_end(line);
  } else if (event == "resolved") {
    run.resolved.push_back(line);
  } else if (std::ranges::find(event_names, event) != event_names.end()) {
    run.events.push_back(read_event(line));
  } else {
    throw LabError("an event that the schema does not know");
  }
}

}  // namespace

const SondeSummary* SondeRun::summary_of(std::string_view address) const {
  const auto found = std::ranges::find(summaries, address, &SondeSummary::address);
  return found == summaries.end() ? nullptr : &*found;
}

std::uint64_t SondeRun::count(std::string_view event, std::string_view address) const {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      events, [&](const SondeEvent& one) { return one.event == event && one.address == address; }));
}

SondeRun SondeRun::parse(std::string_view output) {
  SondeRun run;
  while (!output.empty()) {
    const std::size_t end = std::min(output.find('\n'), output.size());
    const std::string_view line = output.substr(0, end);
    output.remove_prefix(std::min(end + 1, output.size()));
    try {
      read_line(json::parse(line), run);
    } catch (const std::exception& error) {
      throw LabError(fmt::format("{}: {}", error.what(), line));
    }
  }
  if (!run.end) throw LabError("no line with the end");
  return run;
}

}  // namespace sonde::lab
