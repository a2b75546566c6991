// session.hpp: measure hosts: open a session, add targets, receive outcomes, read figures.
//
// A session runs in one of two ways, chosen by what is called first:
//   - on the caller's thread: wait until fd() is readable or next_deadline() has come, call process(), again.
//     run_until() is that loop, ready-made;
//   - on its own threads: start(), later stop(). With `SessionOptions::threads` > 1 targets are dealt out to
//   that many
//     probers, which share nothing.
//
// Thread safety: after start(), add, remove, figures, totals, poll_events and stop may be called from any
// thread. Before it, and with process(), all calls must come from one thread at a time. The event callback
// runs on the thread that probes (the caller's, or one of the session's own: then possibly several at once,
// never two for one target). It may call the session, but for stop() on the session's own threads. The packet
// callback must not call the session.
//
// The library never prints, never exits, installs no signal handlers; nothing here throws but std::bad_alloc,
// and that on the caller's thread only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sonde/error.hpp"
#include "sonde/event.hpp"
#include "sonde/figures.hpp"
#include "sonde/options.hpp"

namespace sonde {

// A packet as it left or came, for captures. ICMP message without its IP header, unless `has_ip_header`.
struct PacketView {
  bool outgoing = false;
  bool has_ip_header = false;  // raw IPv4 sockets see the answer's
  UnixTime at{};               // the kernel's stamp where there is one
  Address from, to;            // the unspecified address where the socket does not tell
  std::uint8_t ttl = 0;        // 0: not known
  std::uint8_t tos = 0;
  std::span<const std::byte> bytes;  // valid during the callback only
};

// The transport that a session took for a family, and why (in one line for a person).
struct TransportNotice {
  Family family{};
  TransportKind taken{};
  RttClock clock{};
  std::string reason;  // empty: the first choice worked
};

class Session {
 public:
  using EventCallback = std::function<void(const Event&)>;
  using PacketCallback = std::function<void(const PacketView&)>;

  // Sockets are opened when the first target that needs them is added. A callback left empty: use
  // poll_events(). Errors: invalid_argument for options without meaning; resource_limit.
  static Result<Session> open(SessionOptions options, const EventCallback& on_event = {},
                              const PacketCallback& on_packet = {});

  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();  // stops

  // Adds a target and schedules its first probe; the same address may be added many times, each is a target
  // of its own. Errors: invalid_argument; permission_denied when no transport may be opened, with what would
  // open it; not_found (interface), unavailable (source address not ours), resource_limit.
  Result<TargetId> add(const Address& address, const TargetOptions& options = {});
  // Makes room for about that many targets in all, so that adding them one by one moves nothing.
  void reserve(std::size_t targets);
  // Opens now, rather than when they are needed, the sockets that targets of this family with these options will take, at
  // the rate of the targets added so far; so that a capability which that takes may be given up before the first
  // packet. (What is missing later is not opened; TCP takes a socket for every probe.) Errors: those of add().
  Result<void> open_ahead(Family family, const SocketOptions& options = {});
  // Ends a target: no further probe, no further event; returns its last figures (probes in flight count as
  // lost).
  Result<Figures> remove(TargetId target);

  // Has a target asked otherwise from its next probe on; figures go on. At a FixedInterval the next probe goes a new interval
  // after the last one was due; where that has passed, as many more as it takes (so that targets that are changed together
  // stay apart as they were). The first probe keeps its time. Probes in flight keep their timeout. From any thread after
  // start(). Errors: not_found; invalid_argument for an interval where the schedule has none, and for what the family does
  // not know; the target is then as it was.
  Result<void> change(TargetId target, const TargetChange& change);

  // One probe now (with the next process(); by UDP at its pace, SessionOptions::pace_udp), without a target. What becomes of it
  // comes as an Event with this `tag` and no target: exactly one of the five verdicts, where that is `lost` maybe a `late`
  // later, duplicates and notes; all within two timeouts. `ttl` and `tos` of an error's are the error packet's own. Tags need
  // not differ. It counts in totals() and no figures. What has not left when the session is stopped has no outcome. From any
  // thread after start(). Errors: those of add(); invalid_argument where events are off or sending has been stopped.
  Result<void> ask(const Address& address, const ProbeOptions& options, std::uint64_t tag);

  // --- On the caller's thread ---
  // Readable when process() has something to do before next_deadline(). -1 after start().
  int fd() const;
  // When process() must be called at the latest; nullopt: only when fd() is readable (or everything is done).
  std::optional<MonotonicTime> next_deadline() const;
  // Sends what is due, receives what has come, decides what has timed out. Never blocks.
  Result<void> process();
  // Waits and processes until `deadline`, until done(), or until wake() is called. nullopt: no deadline.
  // Returns early, without error, when a signal handler interrupts the wait.
  Result<void> run_until(std::optional<MonotonicTime> deadline);
  // Makes run_until() return and fd() readable. Async-signal-safe and callable from any thread.
  void wake() const;

  // --- On threads of its own ---
  // Errors: resource_limit where the system has no thread to give: none is left running then. One of the threads that
  // runs out of memory ends them all: done() is true from then on, and stop() returns that error (resource_limit).
  Result<void> start();

  // --- Holding ---
  // While held no probe is sent, for callers that cannot take what comes of them. Probes in flight get their verdicts. When it
  // goes on, targets at a FixedInterval skip what they missed (Figures::skipped), others are asked late. From any thread.
  void hold_sending(bool held);

  // --- Ending ---
  // No further probe is sent; those in flight still get their verdicts while the session runs on, then done()
  // is true.
  Result<void> stop_sending();
  // No further probe is sent; those in flight get `grace` to be answered, then count as lost. Idempotent. In
  // the caller's mode this waits on the caller's thread.
  Result<void> stop(Nanoseconds grace = {});

  // Every target has sent all it may (max_probes, max_replies, retries) and every probe has its verdict.
  bool done() const;

  // --- What was measured ---
  // Moves up to events.size() events out, oldest first; returns how many. Only without an event callback.
  std::size_t poll_events(std::span<Event> events);
  // Events dropped because nobody polled (SessionOptions::event_capacity).
  std::uint64_t events_dropped() const;

  // Errors: not_found for a target that is not (or no longer) there.
  Result<Figures> figures(TargetId target) const;
  // RTT percentile `p` in [0, 100]; nullopt when nothing came.
  Result<std::optional<Nanoseconds>> percentile(TargetId target, double p) const;
  Result<std::vector<HistogramBar>> histogram(TargetId target) const;
  // All targets merged.
  Figures merged_figures() const;
  Totals totals() const;
  // Totals::probes alone, at next to no cost: for those who look after every turn.
  std::uint64_t probes_sent() const;

  // Which transport each family got, once a target of it was added; of several (SocketOptions::transport) each, in the
  // order in which they were taken.
  std::vector<TransportNotice> notices() const;

  class Implementation;  // private to the library; named so that the .cpp files can share it

 private:
  explicit Session(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace sonde
