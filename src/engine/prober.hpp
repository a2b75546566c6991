// prober.hpp: the loop: sends what is due, receives what has come, gives every probe its one verdict.
//
// One Prober is one thread with its own sockets and its own targets; it shares nothing. A turn of the loop is
//
//   due targets ─stage─▶ batches ─send─▶ channels ─receive─▶ stamps, then arrivals ─match─▶ outcomes ─▶ sink
//                                           └── timeouts ─▶ lost ─▶ sink
//
// A channel is one socket with its ring of probes in flight; targets of one family and one set of SocketOptions
// share a group of channels, opened as they are needed. Batches go to a group's channels in turn. PacketOptions travel with
// each probe.
// A group goes with its last target, its channels when nothing is in flight or in quarantine on them any more; but for the last
// group of a family, which the next target will most likely want, and for those that were opened ahead.
// When none of them has a free sequence number the group waits: probes are paced, never dropped.
//
// Threads: not locked; one thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/agenda.hpp"
#include "engine/channel.hpp"
#include "engine/clock_watch.hpp"
#include "engine/matcher.hpp"
#include "engine/pacer.hpp"
#include "net/file_descriptor.hpp"
#include "sonde/event.hpp"
#include "sonde/session.hpp"
#include "transport/transport.hpp"
#include "wire/token.hpp"

namespace sonde::engine {

// Who is told. Called in the order in which things are decided, on the prober's thread; must not call the
// prober.
class OutcomeSink {
 public:
  virtual ~OutcomeSink() = default;
  // The target is sent to soon: a chance to get at what is kept of it.
  virtual void sending(TargetIndex target) = 0;
  // A probe was handed to the send call; exactly one verdict follows.
  virtual void sent(TargetIndex target) = 0;
  virtual void skipped(TargetIndex target, std::uint64_t sends) = 0;
  // A verdict or event; without target for a rejected packet that fits none. Event::target is not filled in.
  // Of `late`, EventFlag::suspect says that the loss it takes back was so flagged.
  virtual void outcome(std::optional<TargetIndex> target, Event& event) = 0;
  virtual void packet(const PacketView& packet) = 0;
};

// Opens one more transport for a group.
using OpenTransport = std::function<Result<transport::OpenedTransport>(Family, const SocketOptions&)>;

struct ProberOptions {
  std::array<std::byte, 16> token_key{};
  unsigned sockets = 0;  // per group; 0: as many as the rate needs
  double max_rate = 0;   // probes per second; 0: no cap
  std::uint32_t stamp_every = 1;
  bool packets = false;   // call OutcomeSink::packet
  bool pace_udp = true;   // SessionOptions::pace_udp
  double udp_rate = 800;  // probes per second by UDP where they are paced
};

struct ProberTotals {
  std::uint64_t probes = 0, receive_drops = 0, stamp_drops = 0, skipped_sends = 0, clock_steps = 0;
  LagRecorder lag;
};

class Prober {
 public:
  Prober(const ProberOptions& options, const Clock& clock, OpenTransport open, OutcomeSink& sink);
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  // Adds a target whose first probe goes `phase` after the first turn of the loop (or after now, once it
  // runs). Opens the first socket of its group. Errors: those of opening it.
  Result<TargetIndex> add(const Address& address, const TargetOptions& options, Nanoseconds phase);
  // A question (Agenda::ask()), due now. It removes itself some time after its verdict. Errors: those of add();
  // invalid_argument after stop_sending().
  Result<TargetIndex> ask(const Address& address, const TargetOptions& options);
  // Probes in flight are forgotten; their answers will fit no target.
  void remove(TargetIndex target);
  // What Session::change() says of it.
  Result<void> change(TargetIndex target, const TargetChange& change);
  // Opens the sockets that targets of this group will want, at the rate of those added so far, while it may be done.
  Result<void> open_ahead(Family family, const SocketOptions& sockets);
  // Makes room for that many targets.
  void reserve(std::size_t targets) { agenda_.reserve(targets); }

  // One turn: bounded, never blocks.
  void process();

  // Until when nothing has to be done, unless fd() becomes readable; nullopt: only then.
  std::optional<MonotonicTime> pause() const;

  // Readable when an answer, stamp or error waits (an epoll descriptor). At high rates it is not: answers are then
  // gathered for most of a millisecond, as their stamps say when they came, and the kernel is spared waking somebody for each.
  int fd() const { return poll_descriptor_.get(); }
  std::optional<MonotonicTime> next_deadline() const;
  // Everything was sent and has its verdict.
  bool done() const { return agenda_.done(); }

  // No further sends.
  void stop_sending() { agenda_.stop(); }
  // No sends for the time being: what falls due meanwhile is late, or skipped, when it goes on.
  void hold_sending(bool held) { held_ = held; }
  // What still waits is lost now.
  void give_up();

  const Target& target(TargetIndex index) const { return agenda_.target(index); }
  const Agenda& agenda() const { return agenda_; }
  std::vector<TransportNotice> notices() const { return notices_; }
  ProberTotals totals();
  std::uint64_t probes_sent() const { return probes_; }

 private:
  // Adds a target of a group that is open by `place`, which is told its options.
  template <typename Place>
  Result<TargetIndex> add_to_group(const Address& address, const TargetOptions& wanted, Place place);
  static constexpr std::size_t no_group = SIZE_MAX;
  struct Group {
    Family family{};
    SocketOptions sockets;
    std::size_t targets = 0;            // that ask by it
    bool opened_ahead = false;          // stays without targets
    std::vector<std::size_t> channels;  // indexes into channels_; empty: the place is free
    std::size_t next_channel = 0;
    bool may_grow = true;           // a further socket may still be opened
    bool paced = false;             // asks by UDP, at `udp_slots_`
    TransportNotice notice;         // announced when it has a target
    MonotonicTime blocked_until{};  // no send buffer or sequence number before this
    std::vector<Agenda::Sending> staged;
  };

  // --- groups and channels (prober_groups.cpp) ---
  Result<std::size_t> group_for(Family family, const SocketOptions& sockets);
  std::size_t group_of(TargetIndex target) const;
  // Where it is noted for targets of this family with these options; no_group until then.
  std::size_t& group_of(OptionsIndex set, Family family);
  // One target of the group, one user of the options less.
  void leave(std::size_t group);
  void forget(OptionsIndex set);
  // Closes what nobody uses and nothing is under way on.
  void close_idle_groups();
  bool is_last_of_family(const Group& group) const;
  void close(Group& group);
  template <typename Visit>
  void for_each_channel(Visit visit) const {
    for (const auto& channel : channels_) {
      if (channel) visit(*channel);
    }
  }
  Result<void> open_channel(Group& group);
  // Gets the group's channels ready for probes with these options.
  Result<void> admit(const Group& group, const PacketOptions& packet);
  void announce(const TransportNotice& notice);
  std::size_t wanted_channels(const Group& group) const;
  // A channel with a free sequence number, as an index into channels_; nullopt when all are full (then the
  // group is blocked until one is not).
  std::optional<std::size_t> free_channel(Group& group);

  // --- sending (prober_sending.cpp) ---
  // Sends up to one batch per group. True when more is due now.
  bool send_due();
  void stage(std::size_t allowance);
  bool leaves_at_its_slot(TargetIndex due, MonotonicTime now);
  void flush(Group& group);
  std::span<std::byte> compose(std::size_t place, const Agenda::Sending& sending, std::uint64_t token);
  std::uint64_t proof_of(const Channel& channel, const Agenda::Sending& sending, std::uint32_t number) const;
  void departed(Channel& channel, const Agenda::Sending& sending, const transport::Departure& departure);
  void put_back(Group& group, std::size_t first, MonotonicTime again);
  void count_rate(std::size_t sent);

  // --- receiving (prober_receiving.cpp) ---
  void receive_waiting();
  // From the channels of the last batches, and one other in turn.
  void receive_where_sent();
  void receive_from(Channel& channel);
  // One call of receive(), and what it brought. True: there may be more.
  bool receive_once(Channel& channel);
  struct Read {
    std::size_t packets = 0;  // at least one for each call
    bool to_end = false;
  };
  // Until nothing comes any more. Bounded as receive_from() is.
  Read read_to_end(Channel& channel);
  void take_stamp(Channel& channel, const transport::SendStamp& stamp);
  void take_arrival(Channel& channel, const transport::Arrival& arrival);
  // The probe's target is still there.
  bool is_known(const ProbeSlot& slot) const;
  void forget_stamp(ProbeSlot& slot);
  void lose(Channel& channel, ProbeSlot& slot, EventFlags why = {});
  // Nothing came: it is lost, or never left.
  void end_unanswered(Channel& channel, ProbeSlot& slot, EventFlags why = {});
  // The kernel took the probe and threw it away, as its device has no carrier: there is no stamp, and nothing else says so.
  bool never_left(const ProbeSlot& slot) const;
  // Tells which probes were lost by `now`, which lies before this call. What came in time is not lost, however late this
  // process reads it: so nothing is until all is read that had come by then.
  void expire(Channel& channel, MonotonicTime now);
  void expire_all();
  // An answer came too late if it came so, not if it was read so.
  void compare_with_timeout(const transport::Arrival& arrival, Channel& channel, Match& match);
  void conclude(Channel& channel, ProbeSlot& slot, Event& event);
  void show_probe(const Channel& channel, ProbeSlot& slot);
  void show_answer(const transport::Arrival& arrival);

  void begin();
  // Before the first turn no time passes.
  MonotonicTime time_now() const { return begun_ ? clock_->monotonic() : constructed_at_; }
  bool is_busy() const;
  // Of which sockets answers are gathered: those are not in the epoll set.
  struct Gathering {
    bool stamped = false, unstamped = false;
    bool of(const transport::Transport& transport) const { return transport.stamps() ? stamped : unstamped; }
    friend bool operator==(const Gathering&, const Gathering&) = default;
  };
  void gather(Gathering wanted);
  bool watch_descriptor(int descriptor, std::size_t channel);

  ProberOptions options_;
  const Clock* clock_;
  OpenTransport open_;
  OutcomeSink* sink_;
  wire::TokenKey key_;
  ClockWatch watch_;
  Agenda agenda_;
  Matcher matcher_;
  Pacer pacer_;
  SlotPacer udp_slots_;
  net::FileDescriptor poll_descriptor_;
  MonotonicTime constructed_at_;
  bool begun_ = false;
  bool held_ = false;  // nothing is sent for now
  Gathering gathering_;
  bool has_unstamped_ = false;        // among the channels
  MonotonicTime saturated_until_{};   // more was due than could be sent
  std::vector<std::size_t> sent_on_;  // channels, since they were last received from
  std::size_t next_look_ = 0;

  std::vector<std::unique_ptr<Channel>> channels_;  // null: closed, the place is free
  std::vector<std::size_t> free_channels_;
  std::uint64_t closed_drops_ = 0;  // receive drops of the channels that were closed
  std::vector<Group> groups_;
  std::vector<std::size_t> free_groups_;
  struct IdleGroup {
    std::size_t group;
    MonotonicTime closes_at;  // max: it is kept as the last of its family
  };
  std::vector<IdleGroup> idle_groups_;  // without targets
  std::vector<std::pair<std::size_t, std::size_t>>
      group_of_options_;  // per OptionsIndex: IPv4 group, IPv6 group
  std::vector<TransportNotice> notices_;

  // Send buffers, one per place in a batch; each remembers which options its payload was filled for.
  struct SendBuffer {
    std::vector<std::byte> bytes;
    std::optional<OptionsIndex> filled_for;
  };
  std::vector<SendBuffer> buffers_;
  std::vector<transport::Departure> departures_;
  transport::ReceiveBatch received_;

  std::uint64_t probes_ = 0;
  std::uint64_t stamp_drops_ = 0;
  // Sends within the current tenth of a second and the last whole one: tells when to stop waking for every
  // answer.
  MonotonicTime rate_window_{};
  std::size_t sent_in_window_ = 0, sent_in_last_window_ = 0;
  MonotonicTime last_turn_{};
};

}  // namespace sonde::engine
