// sample_run.cpp: the made-up run.
#include "report/sample_run.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sonde::report {
namespace {

using namespace std::chrono_literals;

constexpr UnixTime run_begin{1'700'000'000s};

Address address(std::string_view text) {
  return Address::parse(text).value();
}

Event probe_event(EventKind kind, std::uint64_t sequence) {
  Event event;
  event.kind = kind;
  event.target = TargetId{1};
  event.address = gateway_target().address;
  event.sequence = sequence;
  event.sent_at = run_begin + std::chrono::seconds(sequence) + 1234ns;
  return event;
}

Event answer_event(EventKind kind, std::uint64_t sequence, Nanoseconds rtt) {
  Event event = probe_event(kind, sequence);
  event.received_at = event.sent_at + rtt;
  event.rtt = rtt;
  event.host_time = 12'300ns;
  event.from = event.address;
  event.ttl = 63;
  event.tos = 0xb8;
  event.bytes = 64;
  return event;
}

Event error_event(std::uint64_t sequence, ErrorReason reason, std::uint8_t type, std::uint8_t code) {
  Event event = answer_event(EventKind::error, sequence, 2'500us);
  event.from = address("192.0.2.254");
  event.bytes = 36;
  event.reason = reason;
  event.icmp_type = type;
  event.icmp_code = code;
  return event;
}

void play_gateway_events(Reporter& reporter) {
  const TargetName gateway = gateway_target();
  reporter.event(reply_event(0), gateway);
  reporter.event(lost_event(1), gateway);
  reporter.event(answer_event(EventKind::late, 1, 1'234ms), gateway);

  Event stepped = answer_event(EventKind::reply, 2, 98'765ns);
  stepped.clock = RttClock::user;
  stepped.flags = EventFlags(EventFlag::clock_step) | EventFlag::no_tx_stamp;
  reporter.event(stepped, gateway);

  Event altered = answer_event(EventKind::reply, 3, 12'345'678ns);
  altered.from = address("192.0.2.9");
  altered.bytes = 40;
  altered.flags = EventFlags(EventFlag::truncated) | EventFlag::corrupt | EventFlag::other_source;
  reporter.event(altered, gateway);

  reporter.event(error_event(4, ErrorReason::host_unreachable, 3, 1), gateway);
  Event too_big = error_event(5, ErrorReason::fragmentation_needed, 3, 4);
  too_big.mtu = 1400;
  reporter.event(too_big, gateway);
  Event neighbour = error_event(6, ErrorReason::neighbour, 3, 1);
  neighbour.from = address("192.0.2.100");
  neighbour.rtt.reset();
  reporter.event(neighbour, gateway);

  Event local = probe_event(EventKind::local, 7);
  local.reason = ErrorReason::local_error;
  local.system_errno = EPERM;
  reporter.event(local, gateway);

  Event duplicate = answer_event(EventKind::duplicate, 3, 20ms);
  reporter.event(duplicate, gateway);

  Event redirect = error_event(8, ErrorReason::redirect, 5, 1);
  redirect.kind = EventKind::note;
  redirect.rtt.reset();
  redirect.host_time.reset();
  reporter.event(redirect, gateway);

  Event own_drop = lost_event(8);
  own_drop.flags = EventFlag::suspect;
  reporter.event(own_drop, gateway);
  reporter.event(rejected_event(), TargetName{});
}

}  // namespace

std::string written_to_output(const std::function<void(Output&)>& write) {
  const int descriptor = ::memfd_create("output", MFD_CLOEXEC);
  EXPECT_GE(descriptor, 0);
  {
    Output output(descriptor, "a test's output");
    write(output);
    output.flush();
    EXPECT_FALSE(output.error().has_value());
  }
  std::string text(static_cast<std::size_t>(::lseek(descriptor, 0, SEEK_END)), '\0');
  EXPECT_EQ(::pread(descriptor, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  ::close(descriptor);
  return text;
}

std::string written_by(const ReportOptions& options, const std::function<void(Reporter&)>& use) {
  return written_to_output([&](Output& output) { use(*make_reporter(options, output)); });
}

TargetName gateway_target() {
  return {.name = "gw.example", .label = "gateway", .host_name = {}, .address = address("192.0.2.1")};
}

TargetName numeric_target() {
  return {.name = "2001:db8::7", .label = {}, .host_name = {}, .address = address("2001:db8::7")};
}

Event reply_event(std::uint64_t sequence) {
  return answer_event(EventKind::reply, sequence, 43'210ns);
}

Event lost_event(std::uint64_t sequence) {
  return probe_event(EventKind::lost, sequence);
}

Event rejected_event() {
  Event event;
  event.kind = EventKind::rejected;
  event.has_target = false;
  event.address = address("203.0.113.66");
  event.from = event.address;
  event.received_at = run_begin + 8s;
  event.bytes = 64;
  event.ttl = 55;
  event.flags = EventFlag::bad_token;
  return event;
}

RunStart sample_start() {
  RunStart run;
  run.version = "0.1.0";
  run.notices = {
      {Family::ipv4, TransportKind::icmp_datagram, RttClock::kernel, ""},
      {Family::ipv6, TransportKind::icmp_raw, RttClock::kernel, "ping sockets are closed to this group"}};
  run.transport = "icmp+raw";
  run.clock = "kernel";
  run.targets = 2;
  return run;
}

Summary sample_summary() {
  Summary summary;
  Figures& figures = summary.figures;
  figures.sent = 9;
  figures.received = 3;
  figures.lost = 1;
  figures.late = 1;
  figures.errors = 3;
  figures.local = 1;
  figures.duplicates = 1;
  figures.suspect = 1;
  figures.loss_runs = 2;
  figures.longest_loss_run = 3;
  figures.loss_ratio = 0.5;
  figures.jitter = 6'151'234ns;
  figures.jitter_rfc3550 = 765'432ns;
  figures.host_time_mean = 12'300ns;
  figures.rtt =
      RttFigures{43'210ns, 4'162'551ns, 12'345'678ns, 5'786'543ns, 98'765ns, 12'345'678ns, 12'345'678ns};
  summary.percentiles = {{50, 98'765ns}, {99.9, 12'345'678ns}};
  summary.histogram = {{43'000ns, 43'500ns, 1}, {98'500ns, 99'000ns, 1}, {12'300us, 12'400us, 1}};
  return summary;
}

Summary silent_summary() {
  Summary summary;
  summary.figures.sent = 9;
  summary.figures.lost = 9;
  summary.figures.loss_runs = 1;
  summary.figures.longest_loss_run = 9;
  summary.figures.loss_ratio = 1.0;
  return summary;
}

Totals sample_totals() {
  Totals totals;
  totals.elapsed = 9'001'234'567ns;
  totals.probes = 18;
  totals.rejected = 1;
  totals.receive_drops = 2;
  totals.stamp_drops = 1;
  totals.skipped_sends = 0;
  totals.clock_steps = 1;
  totals.schedule_lag_p99 = 120us;
  totals.schedule_lag_max = 340us;
  return totals;
}

Figures sample_merged() {
  Figures merged = sample_summary().figures;
  merged.sent += 9;
  merged.lost += 9;
  merged.loss_ratio = 13.0 / 17.0;
  return merged;
}

void play_run(Reporter& reporter, bool many) {
  RunStart run = sample_start();
  const TargetName gateway = gateway_target(), numeric = numeric_target();
  if (!many) {
    run.targets = 1;
    run.only_target = gateway;
    run.notices.pop_back();
    run.transport = "icmp";
  }
  reporter.start(run);
  reporter.resolved(gateway, std::nullopt);
  reporter.unresolved({"nobody.example", {}, {}, {}}, "no such name (NXDOMAIN): nobody.example");
  if (many) {
    Event event = lost_event(0);
    event.address = numeric.address;
    reporter.event(event, numeric);
  }
  play_gateway_events(reporter);
  reporter.resolved(gateway, address("192.0.2.2"));
  reporter.warning(gateway, "loss 50% is above 10%");
  reporter.interim(gateway, sample_summary());
  reporter.summary(gateway, sample_summary());
  if (many) reporter.summary(numeric, silent_summary());
  reporter.end(sample_totals(), many ? sample_merged() : sample_summary().figures);
}

std::string source_file(std::string_view path) {
  std::ifstream file(std::filesystem::path(SONDE_SOURCE_DIR) / path);
  EXPECT_TRUE(file.is_open()) << path;
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

void expect_golden(std::string_view name, const std::string& text) {
  const std::string path = "tests/report/golden/" + std::string(name);
  if (std::getenv("SONDE_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(std::filesystem::path(SONDE_SOURCE_DIR) / path) << text;
    return;
  }
  EXPECT_EQ(text, source_file(path)) << "if the new text is right, run again with SONDE_UPDATE_GOLDEN=1";
}

}  // namespace sonde::report
