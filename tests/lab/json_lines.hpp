// json_lines.hpp: what `sonde --format json` wrote, as structs (schema 1, docs/json.md).
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::lab {

// reply, lost, late, error, local, duplicate, rejected, note. Fields that do not apply are empty.
struct SondeEvent {
  std::string event{}, target{}, label{}, address{}, reason{}, clock{};
  std::uint64_t sequence = 0;
  std::int64_t sent_unix_ns = 0;
  std::optional<std::int64_t> rtt_ns{}, host_ns{};
  std::optional<std::string> from{};
  std::optional<std::uint32_t> ttl{}, bytes{}, icmp_type{}, icmp_code{}, mtu{};
  std::optional<int> system_errno{};
  std::set<std::string> flags{};

  bool has(const std::string& flag) const { return flags.contains(flag); }
};

struct SondeSummary {
  std::string target{}, label{}, address{};
  std::uint64_t sent = 0, received = 0, lost = 0, late = 0, errors = 0, local = 0, duplicates = 0,
                rejected = 0;
  std::optional<double> loss_ratio{};
  std::optional<std::int64_t> jitter_ns{};
  bool has_rtt = false;
  std::string transport{};  // where the run changed its way
  std::int64_t rtt_min_ns = 0, rtt_mean_ns = 0, rtt_max_ns = 0, rtt_p50_ns = 0;
};

struct SondeEnd {
  std::uint64_t probes = 0, receive_drops = 0, stamp_drops = 0, rejected = 0;
  std::int64_t elapsed_ns = 0;
};

struct SondeRun {
  nlohmann::json start;
  std::vector<SondeEvent> events;  // in the order written
  std::vector<nlohmann::json> resolved;
  std::vector<SondeSummary> summaries;
  std::optional<SondeEnd> end;

  const SondeSummary* summary_of(std::string_view address) const;
  // How many events of a kind an address has.
  std::uint64_t count(std::string_view event, std::string_view address) const;

  // Throws LabError on a line that is no JSON, lacks what the schema demands, or stands in the wrong place.
  static SondeRun parse(std::string_view output);
};

}  // namespace sonde::lab
