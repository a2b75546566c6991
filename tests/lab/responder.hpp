// responder.hpp: answers for every host of a scenario: packets in, packets out, a record of both.
//
// Answers without delay leave at once; the others wait in a binary heap by the time they are due. Each host
// counts its own probes, and all that is random depends on seed, host and that count alone, so that a run
// repeats exactly whatever order hosts are asked in.
//
// Threads: none of this is locked; one thread owns a responder.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "lab/packet.hpp"
#include "lab/record.hpp"
#include "lab/scenario.hpp"

namespace sonde::lab {

class Responder {
 public:
  // The world of a responder: the device it writes to (false: the write failed), and the clocks.
  struct World {
    std::function<bool(ByteView)> send;
    std::function<Instant()> now;
  };

  // Without `keep_requests` only the summary is kept, for high rates.
  Responder(Scenario scenario, World world, bool keep_requests = true);

  // A packet was read from the device at `now`.
  void receive(ByteView packet, Instant now);
  // Sends every answer that is due at `now_monotonic_ns`.
  void send_due(std::int64_t now_monotonic_ns);
  // When the next answer is due, CLOCK_MONOTONIC.
  std::optional<std::int64_t> next_due_ns() const;

  const std::vector<RequestRecord>& requests() const { return requests_; }
  const RecordSummary& summary() const { return summary_; }

 private:
  struct Host {
    const HostBlock* block = nullptr;
    std::uint64_t probes = 0;
    std::int64_t first_monotonic_ns = 0;
  };
  struct Waiting {
    std::int64_t due_ns = 0;
    std::uint64_t order = 0;  // equal times leave in the order they were planned
    std::size_t request = 0, answer = 0;
    Bytes packet;
  };

  // What to make of a packet; nullopt: it asks nothing that this host answers.
  std::optional<Request> read(ByteView packet) const;
  // Writes the answer to `packet_`, whatever the protocol.
  Answer make_answer(const Request& request, const Behaviour& behaviour);
  Fate fate_of(const Host& host, const HostAddress& address, const Behaviour& behaviour, Instant now) const;
  void plan(const Request& request, const Host& host, const Behaviour& behaviour, RequestRecord& record);
  // Sends `packet_`, which `make_…` wrote, now or after the delay.
  void answer(const Answer& answer, Duration delay, RequestRecord& record);
  void send(ByteView packet, AnswerRecord& record);

  Scenario scenario_;
  World world_;
  bool keep_requests_;
  std::unordered_map<HostAddress, Host> hosts_;
  std::vector<Waiting> waiting_;  // a heap, the earliest first
  std::uint64_t planned_ = 0;
  Bytes packet_;
  std::vector<RequestRecord> requests_;
  RecordSummary summary_;
};

}  // namespace sonde::lab
