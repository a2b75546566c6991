// event_fields.hpp: the fields of every line of machine-readable output, named once, in their order.
//
// JSON and CSV are two sinks of the same walk, so their names cannot drift apart; docs/json.md documents
// them. A sink has:
//   text(name, value)              always there
//   optional_text(name, value)     left out when empty
//   number(name, value)            always there
//   optional_number(name, value)   left out when there is none
//   nullable_number(name, value)   null when there is none
//   flags(name, value)             left out when none is set
//   begin_group(name, present), end_group()   fields that are all null together when not present
#pragma once

#include <optional>
#include <string>

#include "report/reporter.hpp"

namespace sonde::report {

template <typename Sink>
void walk_target(Sink& sink, const TargetName& target) {
  sink.optional_text("target", target.name);
  sink.optional_text("label", target.label);
  sink.optional_text("transport", target.transport);
}

template <typename Sink>
void walk_event(Sink& sink, const Event& event, const TargetName& target) {
  const auto unix_ns = [](UnixTime time) -> std::optional<std::int64_t> {
    if (time == UnixTime{}) return std::nullopt;
    return time.time_since_epoch().count();
  };
  const auto count = [](std::optional<Nanoseconds> duration) -> std::optional<std::int64_t> {
    if (!duration) return std::nullopt;
    return duration->count();
  };
  // A rejected packet belongs to a probe only where one is known.
  const bool about_a_probe = event.kind != EventKind::rejected || event.sent_at != UnixTime{};
  const bool failed_send = event.system_errno != 0;

  sink.text("event", to_string(event.kind));
  if (event.has_target) {
    walk_target(sink, target);
  } else {
    walk_target(sink, TargetName{});
  }
  sink.text("address", event.address.to_string());
  sink.optional_number("seq", about_a_probe ? std::optional(event.sequence) : std::nullopt);
  sink.optional_number("sent_unix_ns", unix_ns(event.sent_at));
  sink.optional_number("received_unix_ns", event.rtt ? std::nullopt : unix_ns(event.received_at));
  sink.optional_number("rtt_ns", count(event.rtt));
  sink.optional_text("clock", event.rtt ? to_string(event.clock) : std::string_view());
  sink.optional_number("host_ns", count(event.host_time));
  sink.optional_text("from", event.from ? event.from->to_string() : std::string());
  sink.optional_number("ttl", event.ttl);
  sink.optional_number("bytes", event.bytes != 0 ? std::optional(event.bytes) : std::nullopt);
  sink.flags("flags", event.flags);
  sink.optional_number("icmp_type", event.icmp_type);
  sink.optional_number("icmp_code", event.icmp_code);
  sink.optional_text("reason",
                     event.reason != ErrorReason::none ? to_string(event.reason) : std::string_view());
  sink.optional_number("mtu", event.mtu);
  sink.optional_number("errno", failed_send ? std::optional(event.system_errno) : std::nullopt);
  sink.optional_text("errno_name", failed_send ? errno_name(event.system_errno) : std::string());
}

// `interim`: the run goes on, so probes may still be in flight.
template <typename Sink>
void walk_summary(Sink& sink, const TargetName& target, const Figures& figures, bool interim) {
  const auto count = [](std::optional<Nanoseconds> duration) -> std::optional<std::int64_t> {
    if (!duration) return std::nullopt;
    return duration->count();
  };
  sink.text("event", interim ? "interim" : "summary");
  walk_target(sink, target);
  sink.text("address", target.address.to_string());
  sink.number("sent", figures.sent);
  sink.number("received", figures.received);
  sink.number("lost", figures.lost);
  sink.number("late", figures.late);
  sink.number("errors", figures.errors);
  sink.number("local", figures.local);
  if (interim) sink.number("in_flight", figures.in_flight);
  sink.number("duplicates", figures.duplicates);
  sink.number("rejected", figures.rejected);
  sink.number("suspect", figures.suspect);
  sink.number("skipped", figures.skipped);
  sink.number("loss_runs", figures.loss_runs);
  sink.number("longest_loss_run", figures.longest_loss_run);
  sink.nullable_number("loss_ratio", figures.loss_ratio);
  sink.nullable_number("jitter_ns", count(figures.jitter));
  sink.nullable_number("jitter_rfc3550_ns", count(figures.jitter_rfc3550));
  sink.nullable_number("host_mean_ns", count(figures.host_time_mean));
  const RttFigures rtt = figures.rtt.value_or(RttFigures{});
  sink.begin_group("rtt", figures.rtt.has_value());
  sink.number("min_ns", rtt.min.count());
  sink.number("mean_ns", rtt.mean.count());
  sink.number("max_ns", rtt.max.count());
  sink.number("stddev_ns", rtt.stddev.count());
  sink.number("p50_ns", rtt.p50.count());
  sink.number("p90_ns", rtt.p90.count());
  sink.number("p99_ns", rtt.p99.count());
  sink.end_group();
}

}  // namespace sonde::report
