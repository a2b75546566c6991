// metadata.cpp: see metadata.hpp.
#include "sweep/metadata.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/output_file.hpp"
#include "sweep/fields.hpp"

namespace sonde::sweep {
namespace {

using Json = nlohmann::ordered_json;

double seconds(Nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string iso_text(UnixTime time) {
  std::string text;
  append_iso_time(text, time, 6);
  return text;
}

void put_time(Json& object, const char* key, const std::optional<UnixTime>& time) {
  object[key] = time ? Json(iso_text(*time)) : Json(nullptr);
}

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

void put_tool(Json& object, const SweepSummary& summary) {
  object["tool"] = "sonde sweep";
  object["version"] = summary.version;
  object["schema"] = 1;
  if (!summary.host_name.empty()) object["local_hostname"] = summary.host_name;
  object["command_line"] = summary.command_line;
  object["end"] = to_string(summary.end);
  if (!summary.failure.empty()) object["failure"] = summary.failure;
}

void put_times(Json& object, const SweepSummary& summary) {
  put_time(object, "start_time", summary.started);
  put_time(object, "end_time", summary.ended);
  put_time(object, "send_start_time", summary.first_sent);
  put_time(object, "send_end_time", summary.last_sent);
  put_time(object, "recv_start_time", summary.started);
  put_time(object, "recv_end_time", summary.ended);
  if (!summary.first_sent || !summary.last_sent) return;
  const Nanoseconds sending = *summary.last_sent - *summary.first_sent;
  object["send_seconds"] = seconds(sending);
  // Of several runs the time between them would count as sending.
  if (sending > Nanoseconds::zero() && summary.resumptions == 0)
    object["rate_achieved"] = static_cast<double>(summary.counts.sent) / seconds(sending);
}

void put_targets(Json& object, const SweepSummary& summary) {
  object["cli_cidr_destinations"] = summary.targets;
  object["blocklisted_networks"] = summary.excluded;
  object["blocklist_total_allowed"] = summary.addresses;
  object["blocklist_total_not_allowed"] = summary.excluded_addresses + summary.special_addresses;
  object["excluded_addresses"] = summary.excluded_addresses;
  object["special_purpose_addresses"] = summary.special_addresses;
  object["targets_digest"] = fmt::format("{:016x}", summary.space_digest);
}

void put_settings(Json& object, const SweepSummary& summary) {
  object["seed"] = summary.seed;
  object["seed_provided"] = summary.seed_given;
  object["shard_num"] = summary.shard;
  object["total_shards"] = summary.shards;
  object["rate"] = summary.rate;
  object["packet_streams"] = summary.probes;
  object["retries"] = summary.retries;
  object["senders"] = summary.threads;
  object["sockets"] = summary.sockets;
  object["probe_module"] = "icmp_echo";
  object["transport"] = summary.transport;
  object["iface"] = summary.interface;
  object["source_ips"] = summary.sources;
  object["cooldown_secs"] = seconds(summary.linger);
  object["late_secs"] = seconds(summary.late_after);
  object["max_targets"] = summary.max_targets;
  object["max_results"] = summary.max_results;
  object["max_runtime"] = seconds(summary.max_runtime);
  object["min_hitrate"] = summary.min_hit_rate;
  object["dryrun"] = summary.dry_run;
  object["output_module"] = summary.output_format;
  object["output_filename"] = summary.output_file;
  object["output_fields"] = summary.fields;
  object["output_filter"] = summary.filter;
  object["contact"] = summary.contact;
  object["options"] = summary.options;
}

void put_counts(Json& object, const SweepSummary& summary) {
  const Counts& counts = summary.counts;
  object["targets_scanned"] = summary.asked;
  object["packets_sent"] = counts.sent;
  object["send_to_failures"] = counts.refused;
  object["validation_passed"] = counts.replies + counts.errors;
  object["validation_failed"] = counts.forged;
  object["success_total"] = counts.replies;
  object["success_unique"] = counts.answering;
  object["failure_total"] = counts.errors;
  object["handed_over"] = summary.handovers.all;
  object["handed_over_waited"] = summary.handovers.waited;
  object["output_results"] = summary.written;
  object["hitrate"] = 100 * ratio(counts.answering, summary.asked);  // percent, as zmap's
  object["resumptions"] = summary.resumptions;
}

// Where answers can have gone other than being answers.
void put_losses(Json& object, const SweepSummary& summary) {
  const Counts& counts = summary.counts;
  Json refusals = Json::object();
  for (const auto& [system_errno, count] : summary.refusals) refusals[errno_name(system_errno)] = count;
  object["loss_accounting"] = {{"sent", counts.sent},
                               {"refused", counts.refused},
                               {"refused_by_errno", refusals},
                               {"answering", counts.answering},
                               {"silent", summary.asked - std::min(summary.asked, counts.answering)},
                               {"receive_drops", counts.receive_drops},
                               {"late", counts.late},
                               {"duplicates", counts.duplicates},
                               {"icmp_errors", counts.errors},
                               {"forged", counts.forged},
                               {"clock_steps", counts.clock_steps},
                               {"rtt_bounds", counts.rtt_bounds}};
}

}  // namespace

bool is_metadata(std::string_view beginning) {
  return report::begins_as(beginning, "{\n  \"tool\": \"sonde sweep\"");
}

std::string_view to_string(SweepEnd end) {
  switch (end) {
    case SweepEnd::finished:
      return "finished";
    case SweepEnd::interrupted:
      return "interrupted";
    case SweepEnd::max_runtime:
      return "max_runtime";
    case SweepEnd::max_results:
      return "max_results";
    case SweepEnd::min_hit_rate:
      return "min_hitrate";
    case SweepEnd::failed:
      return "failed";
  }
  return "";
}

Result<std::string> metadata_json(const SweepSummary& summary) {
  Json object = Json::object();
  put_tool(object, summary);
  put_times(object, summary);
  put_targets(object, summary);
  put_settings(object, summary);
  put_counts(object, summary);
  put_losses(object, summary);
  if (!summary.notes.empty()) object["notes"] = summary.notes;
  if (!summary.user_metadata.empty()) {
    Json user = Json::parse(summary.user_metadata, nullptr, false);
    if (user.is_discarded()) {
      return std::unexpected(
          Error::invalid("the metadata to be added is not JSON", summary.user_metadata.substr(0, 60)));
    }
    object["user-metadata"] = std::move(user);
  }
  // Arguments and file names may be any bytes.
  return object.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace sonde::sweep
