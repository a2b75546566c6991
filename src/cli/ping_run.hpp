// ping_run.hpp: one run of `sonde ping`: names become targets, outcomes become lines, signals end it.
//
//   requested targets ─(resolver, where they are names)─▶ session ─events─▶ reporter, live table, thresholds
//
// With one thread everything runs on this one, in one poll loop. With more the session has threads of its own, and this one
// fetches their events every few milliseconds.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "cli/exit_status.hpp"
#include "cli/live_display.hpp"
#include "cli/measured_targets.hpp"
#include "cli/ping_options.hpp"
#include "cli/target_list.hpp"
#include "process/signals.hpp"
#include "report/make_reporter.hpp"
#include "report/output.hpp"
#include "report/output_file.hpp"
#include "report/pcapng.hpp"
#include "report/repeat_limiter.hpp"
#include "resolve/resolver.hpp"
#include "session/family_way.hpp"
#include "sonde/session.hpp"

namespace sonde::cli {

class PingRun {
 public:
  // `capture`: where packets go, with --pcap.
  PingRun(const PingOptions& options, const TargetList& list, std::optional<report::OutputFile> capture);

  // Runs to the end and reports. Returns the process's exit status.
  ExitStatus run();

 private:
  // --- starting ---
  bool open_session();
  bool begin_capture();
  bool start_threads();
  void add_requested();
  void add_name(std::size_t request, std::string name);
  void add_target(std::size_t request, const Address& address);
  void resolved(std::size_t request, const Result<resolve::Resolution>& resolution, bool first);
  void report_names();
  void report_failed_names();
  void move_target(std::size_t request, const std::vector<Address>& wanted);
  void begin_target(std::size_t request, const std::vector<Address>& addresses,
                    std::optional<Address> previous);
  void await_first_target();
  void begin_report();
  void begin_live();
  void add_row(std::size_t place);

  // --- running ---
  void loop();
  void wait();
  std::optional<MonotonicTime> next_wake() const;
  void take_signals();
  void take_events();
  void take_event(const Event& event);
  void take_event_of(std::size_t place, const Event& event);
  void check_thresholds(std::size_t place, const Event& event);
  void warn(std::size_t place, const std::string& text);
  void look_up_host_name(std::size_t place);
  void refresh_live();
  bool finished() const;
  void hold_for_readers();
  bool capture_is_behind();

  // --- ways of asking ---
  void give_up_privileges();
  bool may_meet(Family family) const;
  void consider_ways();
  void watch_ways();
  bool in_doubt(session::FamilyWay& way);
  void try_next_way(session::FamilyWay& way, TransportKind after);
  void judge_trials(session::FamilyWay& way);
  void change_way(session::FamilyWay& way);
  TransportKind way_of(Family family) const;

  // --- ending ---
  void finish();
  void end_live();
  void report_pending_names();
  void explain_unsent();
  void report_so_far();
  void report_so_far_to(report::Reporter& reporter);
  void report_all();
  void explain_udp_limits(Nanoseconds elapsed);
  Figures all_figures() const;
  report::Summary summary_at(std::size_t place) const;
  void write_out(report::Output& output);
  report::Summary summary_of(TargetId id) const;
  ExitStatus exit_status() const;

  void refuse(const Error& error);
  void complain(const std::string& text);
  void show_complaint(const std::string& text);

  const PingOptions& options_;
  const TargetList& list_;
  TargetOptions target_options_;
  const Clock& clock_;
  process::Signals signals_;
  report::Output output_;
  MeasuredTargets targets_;

  // The capture outlives the session, whose threads write to it.
  std::mutex capture_mutex_;
  std::optional<report::OutputFile> capture_file_;
  std::optional<report::Output> capture_output_;
  std::optional<report::PcapNgWriter> capture_;

  std::optional<Session> session_;
  std::optional<resolve::Resolver> resolver_;  // opened when the first name needs it
  report::ReportOptions report_options_;
  std::unique_ptr<report::Reporter> reporter_;
  report::RunStart start_;
  std::optional<LiveDisplay> live_;

  std::vector<session::FamilyWay> ways_;  // with --transport auto
  std::uint64_t trial_probes_ = 0;        // of no target of the report
  MonotonicTime next_look_at_ways_{};

  report::RepeatLimiter complaints_;
  std::vector<std::string> held_complaints_;  // while the live table has the screen
  bool was_live_ = false;
  std::map<std::size_t, int> unsent_;               // place -> errno of the first probe that did not leave
  std::map<std::size_t, std::uint64_t> unstamped_;  // place -> lost probes that no device stamped as sent

  std::size_t pending_names_ = 0;      // names without a first answer
  std::set<std::size_t> asked_names_;  // their requests
  bool ending_ = false;                // the last answers are waited for
  bool held_ = false;                  // nothing is sent until readers have caught up
  std::optional<MonotonicTime> deadline_;
  bool stop_asked_ = false;
  bool name_failed_ = false, refused_ = false, capture_failed_ = false, some_silent_ = false;
  std::vector<std::pair<std::size_t, std::string>> failed_names_;  // and why; not reported yet
  std::vector<Event> events_;                                      // fetched from a session with threads
  std::unordered_map<std::size_t, std::uint8_t> warned_;           // place -> which thresholds are passed now
};

}  // namespace sonde::cli
