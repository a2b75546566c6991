// json.hpp: the same as lines and summaries, each as one JSON object on a line of its own (-J).
#pragma once

#include "compat/fping/lines.hpp"
#include "compat/fping/summary.hpp"

namespace sonde::compat::fping {

std::string json_reply(const Options& options, const Host& host, const Reply& reply);
std::string json_timeout(const Options& options, const Host& host, std::uint64_t index, UnixTime now);
std::string json_warning(const std::string& host, const std::string& message);
std::string json_summary(const Options& options, const Host& host);
std::string json_report(const Options& options, const Host& host, UnixTime now);
std::string json_totals(const Hosts& hosts, const RunTotals& totals);

}  // namespace sonde::compat::fping
