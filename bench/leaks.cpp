// leaks.cpp: a million probes by one way: what memory and how many descriptors that leaves behind.
//
// In one process, session after session, each with its own sockets and targets: what a probe, a target or a session does not
// give back adds up. Memory is looked at after the first tenth, by when everything was used once, and at the end. Fails when a
// probe has no verdict, or a descriptor is left. Prints one JSON object.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <string>

#include "process.hpp"
#include "sonde/session.hpp"

namespace {

using sonde::bench::check;

struct Options {
  std::string first = "10.1.0.0";
  std::string way = "icmp";
  std::uint64_t probes = 1'000'000;
  std::uint32_t targets = 1000;
  unsigned sessions = 100;
  std::uint16_t tcp_port = 9;
};

const std::map<std::string, sonde::TransportKind> ways{{"icmp", sonde::TransportKind::icmp_datagram},
                                                       {"raw", sonde::TransportKind::icmp_raw},
                                                       {"udp", sonde::TransportKind::udp},
                                                       {"tcp", sonde::TransportKind::tcp}};

struct Sum {
  std::uint64_t sent = 0, received = 0, unaccounted = 0;
};

void ask(const Options& options, Sum& sum) {
  sonde::SessionOptions session_options;
  session_options.transport = ways.at(options.way);
  session_options.pace_udp = false;
  session_options.events = false;
  session_options.spread = sonde::Nanoseconds::zero();
  sonde::Session session = check(sonde::Session::open(session_options));
  sonde::TargetOptions target;
  target.schedule = sonde::FixedInterval{sonde::Nanoseconds::zero()};
  target.max_probes = options.probes / options.sessions / options.targets;
  target.network.tcp_port = options.tcp_port;
  const sonde::Address first = check(sonde::Address::parse(options.first));
  for (std::uint32_t i = 0; i < options.targets; ++i) check(session.add(first.plus(i).value(), target));
  check(session.run_until({}));
  const sonde::Figures figures = session.merged_figures();
  sum.sent += figures.sent;
  sum.received += figures.received;
  if (figures.sent != figures.received + figures.lost + figures.late + figures.errors + figures.local)
    ++sum.unaccounted;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"A million probes by one way, and what they leave behind"};
  app.add_option("--first", options.first, "first target; the others follow it");
  app.add_option("--way", options.way)->check(CLI::IsMember({"icmp", "raw", "udp", "tcp"}));
  app.add_option("--probes", options.probes, "in all")->check(CLI::PositiveNumber);
  app.add_option("--targets", options.targets, "of each session")->check(CLI::PositiveNumber);
  app.add_option("--sessions", options.sessions, "one after the other")->check(CLI::Range(10, 1'000'000));
  app.add_option("--tcp-port", options.tcp_port);
  CLI11_PARSE(app, argc, argv);

  const std::size_t descriptors_before = sonde::bench::open_descriptors();
  const auto start = std::chrono::steady_clock::now();
  Sum sum;
  std::size_t early = 0, most = 0, most_descriptors = 0;
  for (unsigned i = 0; i < options.sessions; ++i) {
    ask(options, sum);
    if (i < options.sessions / 10) {
      early = std::max(early, sonde::bench::resident_bytes());
      continue;
    }
    most = std::max(most, sonde::bench::resident_bytes());
    most_descriptors = std::max(most_descriptors, sonde::bench::open_descriptors());
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const bool closed =
      sonde::bench::open_descriptors() == descriptors_before && most_descriptors <= descriptors_before;
  const auto grown = static_cast<double>(most) - static_cast<double>(early);
  std::printf(
      R"({"way":"%s","probes":%lu,"received":%lu,"sessions":%u,"seconds":%.1f,"resident_kib":%zu,"grown_bytes":%.0f,)"
      R"("bytes_per_probe":%.4f,"descriptors_left":%ld,"unaccounted":%lu})"
      "\n",
      options.way.c_str(), sum.sent, sum.received, options.sessions, seconds, most / 1024, grown,
      grown / static_cast<double>(sum.sent),
      static_cast<long>(sonde::bench::open_descriptors()) - static_cast<long>(descriptors_before),
      sum.unaccounted);
  return closed && sum.unaccounted == 0 ? 0 : 1;
}
