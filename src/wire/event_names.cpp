// event_names.cpp: how events, clocks, flags and reasons are spelled in JSON.
#include "sonde/event.hpp"

namespace sonde {

std::string_view to_string(EventKind kind) {
  switch (kind) {
    case EventKind::reply:
      return "reply";
    case EventKind::lost:
      return "lost";
    case EventKind::late:
      return "late";
    case EventKind::error:
      return "error";
    case EventKind::local:
      return "local";
    case EventKind::duplicate:
      return "duplicate";
    case EventKind::rejected:
      return "rejected";
    case EventKind::note:
      return "note";
  }
  return "unknown";
}

std::string_view to_string(RttClock clock) {
  switch (clock) {
    case RttClock::kernel:
      return "kernel";
    case RttClock::hardware:
      return "hardware";
    case RttClock::user:
      return "user";
  }
  return "unknown";
}

std::string_view to_string(EventFlag flag) {
  switch (flag) {
    case EventFlag::truncated:
      return "truncated";
    case EventFlag::corrupt:
      return "corrupt";
    case EventFlag::other_source:
      return "other_source";
    case EventFlag::extra_bytes:
      return "extra_bytes";
    case EventFlag::no_token:
      return "no_token";
    case EventFlag::no_tx_stamp:
      return "no_tx_stamp";
    case EventFlag::no_rx_stamp:
      return "no_rx_stamp";
    case EventFlag::clock_step:
      return "clock_step";
    case EventFlag::suspect:
      return "suspect";
    case EventFlag::bad_checksum:
      return "bad_checksum";
    case EventFlag::bad_token:
      return "bad_token";
    case EventFlag::other_sequence:
      return "other_sequence";
    case EventFlag::unmatched_quote:
      return "unmatched_quote";
    case EventFlag::ip_options:
      return "ip_options";
    case EventFlag::refused:
      return "refused";
    case EventFlag::cut_short:
      return "cut_short";
  }
  return "unknown";
}

std::string_view to_string(ErrorReason reason) {
  switch (reason) {
    case ErrorReason::none:
      return "none";
    case ErrorReason::network_unreachable:
      return "network_unreachable";
    case ErrorReason::host_unreachable:
      return "host_unreachable";
    case ErrorReason::protocol_unreachable:
      return "protocol_unreachable";
    case ErrorReason::port_unreachable:
      return "port_unreachable";
    case ErrorReason::fragmentation_needed:
      return "fragmentation_needed";
    case ErrorReason::source_route_failed:
      return "source_route_failed";
    case ErrorReason::prohibited:
      return "prohibited";
    case ErrorReason::beyond_scope:
      return "beyond_scope";
    case ErrorReason::reject_route:
      return "reject_route";
    case ErrorReason::precedence:
      return "precedence";
    case ErrorReason::destination_unreachable:
      return "destination_unreachable";
    case ErrorReason::ttl_exceeded:
      return "ttl_exceeded";
    case ErrorReason::reassembly_timeout:
      return "reassembly_timeout";
    case ErrorReason::parameter_problem:
      return "parameter_problem";
    case ErrorReason::neighbour:
      return "neighbour";
    case ErrorReason::redirect:
      return "redirect";
    case ErrorReason::source_quench:
      return "source_quench";
    case ErrorReason::local_error:
      return "local_error";
  }
  return "unknown";
}

}  // namespace sonde
