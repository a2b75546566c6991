// stamped_loop.cpp: the least that measures one target with kernel stamps: send, wait, take the answer and
// its stamp.
//
// The reference for the RTT error: what is left of it here is the network's and the capture's own. One probe
// every
// `--interval` seconds, RTT = RX stamp - TX stamp. The results are printed at the end, as JSON lines with the
// fields that `sonde ping --format json` has for a reply, so that one script reads both.
#include <CLI/CLI.hpp>

#include "ping_socket.hpp"

namespace {

using namespace sonde::bench;

struct Measured {
  std::uint64_t sequence;
  std::int64_t sent_unix_ns, rtt_ns;
};

// The answer to `sequence` within a second.
std::optional<Measured> ask(const PingSocket& socket, SendBatch& send_batch, ReceiveBatch& answer,
                            ReceiveBatch& stamp, std::uint64_t sequence) {
  send_batch.set(0, 0, static_cast<std::uint16_t>(sequence));
  send_batch.send(socket.fd(), 1);
  std::optional<std::int64_t> received, sent;
  const double give_up_at = wall_seconds() + 1;
  while ((!received || !sent) && wall_seconds() < give_up_at) {
    if (!socket.wait(POLLIN, 1000)) break;
    if (answer.receive(socket.fd(), 0) > 0 && answer.sequence(0) == static_cast<std::uint16_t>(sequence)) {
      received = answer.stamp_ns(0);
    }
    std::uint32_t number = 0;
    if (stamp.receive(socket.fd(), MSG_ERRQUEUE) > 0) {
      const auto at = stamp.stamp_ns(0, &number);
      if (number == static_cast<std::uint32_t>(sequence)) sent = at;
    }
  }
  if (!received || !sent) return std::nullopt;
  return Measured{sequence, *sent, *received - *sent};
}

}  // namespace

int main(int argc, char** argv) {
  std::string target = "10.1.0.1";
  std::uint64_t count = 500;
  double interval_s = 0.01;
  CLI::App app{"One target, one probe at a time, kernel stamps"};
  app.add_option("--target", target);
  app.add_option("--count", count);
  app.add_option("--interval", interval_s, "seconds");
  CLI11_PARSE(app, argc, argv);

  const Targets targets(target, 1);
  const PingSocket socket(targets.family(), true);
  SendBatch send_batch(targets, 1);
  ReceiveBatch answer(1), stamp(1);
  std::vector<Measured> results;
  results.reserve(count);
  const double start = wall_seconds();
  for (std::uint64_t sequence = 0; sequence < count; ++sequence) {
    const double next = start + static_cast<double>(sequence) * interval_s;
    const auto whole = static_cast<time_t>(next);
    const timespec at{whole, static_cast<long>((next - static_cast<double>(whole)) * 1e9)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
    if (const auto measured = ask(socket, send_batch, answer, stamp, sequence)) results.push_back(*measured);
  }
  for (const Measured& one : results) {
    std::printf(R"({"event":"reply","address":"%s","seq":%lu,"sent_unix_ns":%ld,"rtt_ns":%ld})"
                "\n",
                target.c_str(), one.sequence, one.sent_unix_ns, one.rtt_ns);
  }
  return results.size() == count ? 0 : 1;
}
