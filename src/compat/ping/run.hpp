// run.hpp: one host asked until ping's own rules say that it is enough: a session, its events as lines, and the summary.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "compat/ping/destination.hpp"
#include "compat/ping/host_names.hpp"
#include "compat/ping/ip_options.hpp"
#include "compat/ping/lines.hpp"
#include "compat/ping/options.hpp"
#include "compat/ping/tally.hpp"
#include "compat/ping/voice.hpp"
#include "compat/streams.hpp"
#include "process/signals.hpp"
#include "report/repeat_limiter.hpp"
#include "sonde/session.hpp"

namespace sonde::compat::ping {

class Run {
 public:
  Run(const Options& options, Destination destination, TransportKind way, bool is_root, const Voice& voice);

  // The exit status.
  int run();

 private:
  void show_header() const;
  std::optional<Exit> check_pace() const;
  Schedule schedule() const;
  TargetOptions target_options();
  std::optional<Exit> open_session();

  void loop();
  bool is_over() const;
  bool has_enough() const;
  // True: a signal has come.
  bool wait();
  std::optional<MonotonicTime> next_wake() const;
  void take_signals();
  void plan_end();

  void note_sent();
  void take(const Event& event);
  void take_answer(const Event& event);
  void take_error(const Event& event);
  void take_note(const Event& event);
  void take_refusal(const Event& event);
  void print(const std::string& line);
  void print_flood(std::string_view marks);
  std::string stamp() const;
  bool flood_marks_fit() const;
  int finish();

  const Options& options_;
  Destination destination_;
  TransportKind way_;
  bool is_root_;
  bool asks_node_;     // -N, and the host is one of IPv6
  int payload_bytes_;  // that come back as they were sent
  const Voice& voice_;
  Streams& streams_;
  const Clock& clock_;
  process::Signals signals_;
  HostNames names_;
  IpOptionsText ip_options_;
  ReplyStyle style_;
  Tally tally_;
  report::RepeatLimiter refusals_;
  std::optional<Session> session_;
  TargetId target_{};
  MonotonicTime started_{};
  std::optional<MonotonicTime> ends_;  // -w, or the wait for the last answers
  std::uint64_t screen_width_ = UINT64_MAX;
  std::string flood_;  // marks that are not written yet
  int turns_without_wait_ = 0;
  bool exiting_ = false;
};

}  // namespace sonde::compat::ping
