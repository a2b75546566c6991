// lines.cpp: see lines.hpp.
#include "compat/oping/lines.hpp"

#include <fmt/format.h>

#include "compat/oping/qos.hpp"
#include "text/printable.hpp"

namespace sonde::compat::oping {

ProbeLine probe_line(const pinghost& host, std::uint8_t qos) {
  const std::string who = fmt::format("{} ({}): icmp_seq={}", text::printable(host.host_name),
                                      host.address.to_string(), host.sequence);
  if (host.latency_ms < 0) return {fmt::format("echo reply from {} ", who), "timeout", ""};
  std::string before = fmt::format("{} bytes from {} ttl={} ", host.data.size(), who, host.received_ttl);
  if (host.received_qos != 0 || qos != 0) before += fmt::format("qos={} ", qos_text(host.received_qos));
  return {before + "time=", fmt::format("{:.2f}", host.latency_ms), " ms"};
}

std::string packets_text(const History& history) {
  return fmt::format("{} packets transmitted, {} received, {:.2f}% packet loss, time {:.1f}ms",
                     history.sent(), history.received(), 100 * history.lost(), history.latency_sum_ms());
}

std::string times_text(const SortedTimes& times, double percentile) {
  return fmt::format("RTT[ms]: min = {:.0f}, median = {:.0f}, p({:.0f}) = {:.0f}, max = {:.0f}",
                     times.percentile(0), times.percentile(50), percentile, times.percentile(percentile),
                     times.percentile(100));
}

}  // namespace sonde::compat::oping
