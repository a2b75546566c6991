// worker.hpp: one thread of a sweep: its walk, its sockets, its send log.
//
// A turn: as many probes as the rate allows, in batches of 32 over the sockets in turn; then whatever has come back. Nothing is
// kept of a probe but its batch's record in the send log: the answer brings index and ordinal, proves both, and the log has
// the time. Nobody is woken for answers: the kernel's stamps say when they came. Workers whose answers come by each other's queues
// hand them over (exchange.hpp), and end together.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "engine/clock_watch.hpp"
#include "sweep/channel.hpp"
#include "sweep/exchange.hpp"
#include "sweep/proof.hpp"
#include "sweep/rate.hpp"
#include "sweep/record.hpp"
#include "sweep/send_log.hpp"
#include "sweep/settings.hpp"
#include "sweep/target_space.hpp"
#include "sweep/walk.hpp"

namespace sonde::sweep {

// Takes what the workers found, from their threads. The records of one call are entered together.
class Findings {
 public:
  virtual ~Findings() = default;
  // Sets `duplicate` of the replies and adds what follows from that to `counts`.
  virtual void take(std::span<Record> records, Counts& counts) = 0;
};

// What all workers of a sweep read, and only the sweep writes.
struct Common {
  const TargetSpace* space = nullptr;
  const Proof* proof = nullptr;
  const Settings* settings = nullptr;
  Findings* findings = nullptr;
  Exchange* exchange = nullptr;           // where answers may come by other workers' queues
  std::atomic<double> rate_each{0};       // probes per second of one worker
  std::atomic<bool> stop_sending{false};  // no further probes; what is under way is still waited for
  std::atomic<bool> hold_sending{false};  // none for now
  std::atomic<bool> stop{false};
};

// What a worker tells others, as of its last turn but a few.
struct Progress {
  Counts counts;
  WalkPosition at;
  std::uint64_t left = 0;   // probes still to be sent, at most
  std::uint64_t asked = 0;  // addresses, of all runs
  std::optional<MonotonicTime> first_sent{}, last_sent{};
  double rate_in_force = 0;
  // What had reached the sockets by then was handed to Findings.
  MonotonicTime received_until{};
  bool sending_done = false;
  bool done = false;
  bool awaited = false;                     // done, and every answer had its time
  std::map<int, std::uint64_t> refusals{};  // errno of the send call -> how many probes
  Handovers handovers{};
};

class Worker {
 public:
  // `number`: from 0, its own. `ipv4` and `ipv6`: its sockets, at least one of each family that the space has.
  Worker(Common& common, unsigned number, Walk walk, std::vector<Channel> ipv4, std::vector<Channel> ipv6,
         const Clock& clock);

  // Until all is sent and waited for, or the sweep is stopped. Once.
  void run();
  // From any thread.
  Progress progress() const;

 private:
  struct Staged {
    Address address;
    std::uint64_t index = 0;
    std::uint16_t probe = 0;
    WalkPosition from{};  // the walk goes on there if it is not sent
    int attempts = 0;
  };
  struct Lane {  // of one family
    std::vector<Channel> channels;
    std::size_t next_channel = 0;
    std::vector<Staged> staged{};
    MonotonicTime blocked_until{};  // the send buffers were full
  };

  // --- sending (worker.cpp) ---
  bool turn();
  void send();
  // Has up to `allowance` probes staged; how many there are.
  std::size_t stage(std::size_t allowance);
  bool stamps_every_probe() const;
  int probes_until_next_stamp();
  // How many the kernel took or refused.
  std::size_t flush(Lane& lane);
  void compose(const Staged& staged, std::uint64_t ordinal, std::size_t place, Channel& channel);
  void departed(Lane& lane, Channel& channel, std::size_t decided, std::uint64_t first_ordinal);
  bool is_sending_done() const;
  bool awaits_answers();
  // Everything before it was sent, or refused for good.
  WalkPosition settled() const;
  void look_after_drops();
  void publish(bool done);
  void sleep() const;

  // --- receiving (worker_receiving.cpp) ---
  void receive();
  // Whether nothing more waits.
  bool receive_from(Channel& channel);
  void take_stamp(Channel& channel, const transport::SendStamp& stamp);
  void take(const Channel& channel, const transport::Arrival& arrival);
  void take_reply(const Channel& by, const transport::Arrival& arrival);
  // Whose probes have the identifier; nullptr: none of this worker's.
  const Channel* channel_of(std::uint16_t identifier) const;
  // An answer that has proved itself.
  void enter(const Channel& channel, const transport::Arrival& arrival, const Address& address,
             const ProbeNumbers& numbers);
  void hand_over(unsigned owner, const transport::Arrival& arrival, const ProbeNumbers& numbers);
  // Gives others what is still to be handed over, and takes what they hand over.
  void exchange();
  void take_over(const Handover& answer);
  bool has_to_hand_over() const;
  void take_error(const Channel& channel, const transport::Arrival& arrival);
  void describe(const Channel& channel, const transport::Arrival& arrival, const Address& address,
                Record& record) const;
  void measure(const transport::Arrival& arrival, const ProbeNumbers& numbers, Record& record) const;
  Nanoseconds estimate(const transport::Arrival& arrival, const SendLog::Sending& sending) const;
  Nanoseconds upper_bound(const transport::Arrival& arrival, const SendLog::Sending& sending) const;

  Common* common_;
  unsigned number_;
  Walk walk_;
  Lane ipv4_, ipv6_;
  engine::ClockWatch watch_;
  RateControl rate_;
  double rate_asked_;
  SendLog log_;
  std::uint64_t next_ordinal_ = 0;
  std::optional<MonotonicTime> first_sent_;
  MonotonicTime last_sent_, published_at_{}, looked_at_{}, received_until_{};
  bool awaited_ = false;
  std::uint64_t refused_for_room_ = 0;  // ENOBUFS, each try
  std::minstd_rand random_;
  int until_stamp_ = 1;        // probes
  bool awaits_round_ = false;  // before a round that asks the silent
  UsualDelay usual_delay_;

  std::vector<std::vector<std::byte>> buffers_;  // one message for each place of a batch
  std::vector<transport::Departure> departures_;
  transport::ReceiveBatch received_;
  std::vector<Record> records_;
  Counts counts_;
  Handovers handovers_;
  bool handed_over_ = false;  // in this turn
  std::optional<Leaving> leaving_;
  std::map<int, std::uint64_t> refusals_;

  mutable std::mutex mutex_;
  Progress published_;
};

}  // namespace sonde::sweep
