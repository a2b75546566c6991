// summary.cpp: see summary.hpp.
#include "compat/fping/summary.hpp"

#include <fmt/core.h>

#include <ctime>

#include "compat/fping/json.hpp"
#include "compat/fping/lines.hpp"

namespace sonde::compat::fping {

namespace {

void append_counts(std::string& text, const Options& options, const Tally& tally) {
  text += " xmt/rcv/%loss = ";
  append_number(text, tally.sent);
  text += '/';
  append_number(text, tally.received);
  text += '/';
  append_number(text, tally.loss_percent());
  text += '%';
  if (options.outage) text += fmt::format(", outage(ms) = {}", outage_ms(options, tally));
  if (tally.received == 0) return;
  text += ", min/avg/max = ";
  append_milliseconds(text, tally.min);
  text += '/';
  append_milliseconds(text, tally.mean());
  text += '/';
  append_milliseconds(text, tally.max);
}

void append_all_times(std::string& text, const Host& host) {
  for (std::uint64_t index = 0; index < host.all.sent; ++index) {
    const Nanoseconds rtt = host.rtt_at(index);
    text += ' ';
    rtt == Host::no_rtt ? void(text += '-') : append_milliseconds(text, rtt);
  }
}

// "HOST :", padded to the longest.
void append_name(std::string& text, const Host& host, std::size_t width) {
  text += host.shown;
  text.append(width - host.shown.size(), ' ');
  text += " :";
}

}  // namespace

std::int64_t outage_ms(const Options& options, const Tally& tally) {
  const auto lost = static_cast<double>(tally.sent - std::min(tally.sent, tally.received));
  return static_cast<std::int64_t>(lost * static_cast<double>(options.period.count()) / 1e6);
}

std::string summary_of(const Options& options, const Hosts& hosts) {
  std::string text;
  if (options.json) {
    for (const Host& host : hosts.list) text += json_summary(options, host);
    return text;
  }
  if (options.each_probe) text += '\n';
  for (const Host& host : hosts.list) {
    append_name(text, host, hosts.width);
    options.all_rtts ? append_all_times(text, host) : append_counts(text, options, host.all);
    text += '\n';
  }
  return text;
}

std::string report_of(const Options& options, Hosts& hosts, UnixTime now) {
  std::string text;
  if (!options.json) {
    if (options.verbose || options.each_probe) text += '\n';
    const std::time_t seconds = now.time_since_epoch().count() / 1'000'000'000;
    std::tm local{};
    ::localtime_r(&seconds, &local);
    text += fmt::format("[{:02}:{:02}:{:02}]\n", local.tm_hour, local.tm_min, local.tm_sec);
  }
  for (Host& host : hosts.list) {
    if (options.json) {
      text += json_report(options, host, now);
    } else {
      append_name(text, host, hosts.width);
      append_counts(text, options, host.interval);
      text += '\n';
    }
    if (!options.cumulative) host.interval = {};
  }
  return text;
}

namespace {

// A chart's name: letters and digits of the target's.
std::string chart_name(const std::string& name) {
  std::string text = name;
  for (char& letter : text) {
    const bool kept = (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
                      (letter >= 'A' && letter <= 'Z');
    if (!kept) letter = '_';
  }
  return text;
}

struct Chart {
  const char* name;
  const char* title;
  const char* unit;
  const char* kind;
  unsigned priority;
  const char* dimensions;
};

constexpr Chart packets{"packets", "Packets",
                        "packets", "line",
                        110020,    "DIMENSION xmt sent absolute 1 1\nDIMENSION rcv received absolute 1 1\n"};
constexpr Chart quality{"quality", "Quality", "percentage",
                        "area",    110010,    "DIMENSION returned '' absolute 1 1\n"};
constexpr Chart latency{"latency",
                        "Latency",
                        "ms",
                        "area",
                        110000,
                        "DIMENSION min minimum absolute 1 1000000\nDIMENSION max maximum absolute 1 1000000\n"
                        "DIMENSION avg average absolute 1 1000000\n"};

}  // namespace

std::string netdata_report(const Options& options, Hosts& hosts, bool first) {
  std::string text;
  const double seconds = static_cast<double>(options.report_interval.count()) / 1e9;
  for (Host& host : hosts.list) {
    const std::string name = chart_name(host.name);
    const auto chart = [&](const Chart& about, const std::string& values) {
      if (first) {
        text += fmt::format("CHART fping.{}_{} '' 'FPing {}' {} '{}' fping.{} {} {} {:.0f}\n{}", name,
                            about.name, about.title, about.unit, host.shown, about.name, about.kind,
                            about.priority, seconds, about.dimensions);
      }
      text += fmt::format("BEGIN fping.{}_{}\n{}END\n", name, about.name, values);
    };
    const Tally& tally = host.interval;
    chart(packets, fmt::format("SET xmt = {}\nSET rcv = {}\n", tally.sent, tally.received));
    chart(quality,
          fmt::format("SET returned = {}\n", tally.sent == 0 ? 0 : tally.received * 100 / tally.sent));
    chart(latency, tally.received == 0
                       ? ""
                       : fmt::format("SET min = {}\nSET avg = {}\nSET max = {}\n", tally.min.count(),
                                     tally.mean().count(), tally.max.count()));
    host.interval = {};
  }
  return text;
}

std::string totals_of(const Options& options, const Hosts& hosts, const RunTotals& totals) {
  if (options.json) return json_totals(hosts, totals);
  const Tally& answers = totals.answers;
  return fmt::format(
      "\n {:7} targets\n {:7} alive\n {:7} unreachable\n {:7} unknown addresses\n"
      "\n {:7} timeouts (waiting for response)\n {:7} ICMP Echos sent\n {:7} ICMP Echo Replies received\n"
      " {:7} other ICMP received\n"
      "\n {} ms (min round trip time)\n {} ms (avg round trip time)\n {} ms (max round trip time)\n"
      " {:12.3f} sec (elapsed real time)\n\n",
      hosts.list.size(), totals.alive, totals.unreachable, hosts.unknown, totals.timeouts, totals.sent,
      totals.replies, totals.other_icmp, milliseconds(answers.min),
      milliseconds(answers.received == 0 ? Nanoseconds{} : answers.mean()), milliseconds(answers.max),
      static_cast<double>(totals.elapsed.count()) / 1e9);
}

}  // namespace sonde::compat::fping
