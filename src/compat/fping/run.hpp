// run.hpp: a session's events, told as fping tells them.
//
// The session does the asking: each target's schedule is a policy of its own. What is fping's alone is kept here: an ICMP
// error ends no wait, so the probe it is about times out when it would have anyway; an answer after the timeout counts as none.
// A whole prefix without a pause between probes is asked by several threads; their events are told by this one.
#pragma once

#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "compat/fping/event_queue.hpp"
#include "compat/fping/host.hpp"
#include "compat/fping/lines.hpp"
#include "compat/fping/options.hpp"
#include "compat/fping/sockets.hpp"
#include "compat/fping/summary.hpp"
#include "compat/streams.hpp"
#include "process/signals.hpp"
#include "report/repeat_limiter.hpp"
#include "sonde/session.hpp"

namespace sonde::compat::fping {

class Run {
 public:
  // `began`: when the program did, for the time that the run took.
  Run(const Options& options, Hosts& hosts, const Sockets& sockets, Streams& streams, MonotonicTime began);

  // Until everything is decided and told, or a signal ends it. Returns the exit status.
  int run();

 private:
  int fail(const Error& error) const;
  Result<void> start();
  Result<void> start_with(unsigned threads);
  Result<void> add(std::size_t place, const TargetOptions& wanted);
  TargetOptions target_options() const;
  void give_up_privileges();

  // How many threads of the session's own; 0: it runs on this one.
  unsigned wanted_threads() const;
  void loop();
  bool is_through();
  void stop_threads();
  // What happened since: false when the session cannot go on.
  bool process();
  void wait() const;
  void take_signals();
  void report_if_due();
  void report();

  // --- events ---
  void take_event(const Event& event);
  void answered(Host& host, const Event& event);
  void timed_out(Host& host, std::uint64_t sequence);
  void not_sent(Host& host, int system_errno);
  void icmp_message(Host& host, const Event& event);
  void duplicated(Host& host, const Event& event);
  // An ICMP error takes no probe's time away.
  void wait_out(std::size_t place, const Event& event);
  bool forget_waiting(std::size_t place, std::uint64_t sequence);
  void expire_waiting(MonotonicTime now);
  Reply reply_of(const Host& host, const Event& event) const;
  // In the default mode all tries are one probe.
  std::uint64_t index_of(std::uint64_t sequence) const {
    return options_.mode == Mode::until_answered ? 0 : sequence;
  }
  void end(Host& host);

  int finish();

  const Options& options_;
  Hosts& hosts_;
  const Sockets& sockets_;
  Streams& streams_;
  const Clock& clock_;
  MonotonicTime began_;
  process::Signals signals_;
  RunTotals totals_;
  report::RepeatLimiter refusals_;
  std::map<Family, NetworkOptions> networks_;              // of the first target of each
  std::unordered_map<std::uint64_t, std::size_t> places_;  // TargetId to place in hosts_

  // Probes that an ICMP error was about, by when they time out.
  struct Waiting {
    std::size_t place = 0;
    std::uint64_t sequence = 0;
  };
  std::multimap<MonotonicTime, Waiting> waiting_;

  std::vector<TargetId> ended_;  // to be taken out of the session
  MonotonicTime next_report_{};
  bool charts_told_ = false;
  bool over_ = false;
  std::optional<Error> failure_;  // of the session: it cannot go on
  EventQueue queue_;              // with threads
  std::vector<Event> taken_;
  bool threaded_ = false;
  std::optional<Session> session_;  // last: its callback uses the others
};

}  // namespace sonde::compat::fping
