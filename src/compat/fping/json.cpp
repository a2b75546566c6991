// json.cpp: see json.hpp.
#include "compat/fping/json.hpp"

#include <fmt/core.h>

#include "report/json.hpp"
#include "wire/probe_message.hpp"

namespace sonde::compat::fping {

namespace {

std::string json_text(std::string_view text) {
  std::string out;
  report::append_json_string(out, text);
  return out;
}

std::string timestamp_member(const Options& options, UnixTime time) {
  return options.timestamps ? fmt::format("\"timestamp\": {}, ", json_text(timestamp(options, time)))
                            : std::string();
}

std::string times_of(const Tally& tally) {
  if (tally.received == 0) return {};
  return fmt::format(R"(, "rttMin": {}, "rttAvg": {}, "rttMax": {})", milliseconds(tally.min),
                     milliseconds(tally.mean()), milliseconds(tally.max));
}

std::string counts_of(const Options& options, const Tally& tally) {
  std::string text =
      fmt::format(R"("xmt": {}, "rcv": {}, "loss": {})", tally.sent, tally.received, tally.loss_percent());
  if (options.outage) text += fmt::format(", \"outage(ms)\": {}", outage_ms(options, tally));
  return text + times_of(tally);
}

}  // namespace

std::string json_reply(const Options& options, const Host& host, const Reply& reply) {
  std::string text = fmt::format(R"({{"resp": {{{}"host": {}, "seq": {}, "size": {}, "rtt": {})",
                                 timestamp_member(options, reply.received_at), json_text(host.shown),
                                 reply.index, reply.bytes, milliseconds(reply.rtt));
  if (reply.timestamps) {
    text += fmt::format(
        R"(, "timestamps": {{"originate": {}, "receive": {}, "transmit": {}, "localreceive": {}}})",
        reply.timestamps->originate, reply.timestamps->receive, reply.timestamps->transmit,
        wire::icmp_time(reply.received_at));
  }
  if (options.print_tos) text += fmt::format(", \"tos\": {}", reply.tos ? int{*reply.tos} : -1);
  if (options.print_ttl) text += fmt::format(", \"ttl\": {}", reply.ttl ? int{*reply.ttl} : -1);
  return text + "}}\n";
}

std::string json_timeout(const Options& options, const Host& host, std::uint64_t index, UnixTime now) {
  return fmt::format(R"({{"timeout": {{{}"host": {}, "seq": {}}}}})"
                     "\n",
                     timestamp_member(options, now), json_text(host.shown), index);
}

std::string json_warning(const std::string& host, const std::string& message) {
  return fmt::format(R"({{"warning": {{"host": {}, "message": {}}}}})"
                     "\n",
                     json_text(host), json_text(message));
}

std::string json_summary(const Options& options, const Host& host) {
  if (!options.all_rtts) {
    return fmt::format(R"({{"summary": {{"host": {}, {}}}}})"
                       "\n",
                       json_text(host.shown), counts_of(options, host.all));
  }
  std::string values;
  for (std::uint64_t index = 0; index < host.all.sent; ++index) {
    const Nanoseconds rtt = host.rtt_at(index);
    if (!values.empty()) values += ", ";
    values += rtt == Host::no_rtt ? "null" : milliseconds(rtt);
  }
  return fmt::format(R"({{"vSum": {{"host": {}, "values": [{}]}}}})"
                     "\n",
                     json_text(host.shown), values);
}

std::string json_report(const Options& options, const Host& host, UnixTime now) {
  return fmt::format(R"({{"intSum": {{"time": {},"host": {}, {}}}}})"
                     "\n",
                     now.time_since_epoch().count() / 1'000'000'000, json_text(host.shown),
                     counts_of(options, host.interval));
}

std::string json_totals(const Hosts& hosts, const RunTotals& totals) {
  const Tally& answers = totals.answers;
  return fmt::format(
      R"({{"stats": {{"targets": {}, "alive": {}, "unreachable": {}, "unknownAddresses": {}, "timeouts": {}, )"
      R"("icmpEchosSent": {}, "icmpEchoRepliesReceived": {}, "otherIcmpReceived": {}, )"
      R"("rttMin": {}, "rttAvg": {}, "rttMax": {}, "elapsed": {:.3f}}}}})"
      "\n",
      hosts.list.size(), totals.alive, totals.unreachable, hosts.unknown, totals.timeouts, totals.sent,
      totals.replies, totals.other_icmp, milliseconds(answers.min),
      milliseconds(answers.received == 0 ? Nanoseconds{} : answers.mean()), milliseconds(answers.max),
      static_cast<double>(totals.elapsed.count()) / 1e9);
}

}  // namespace sonde::compat::fping
