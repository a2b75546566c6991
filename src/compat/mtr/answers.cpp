// answers.cpp: see answers.hpp.
#include "compat/mtr/answers.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>

namespace sonde::compat::mtr {

namespace {

// What an error says about the way to the host; nullptr: nothing that mtr has a word for.
const char* word_for(ErrorReason reason) {
  switch (reason) {
    case ErrorReason::ttl_exceeded:
    case ErrorReason::reassembly_timeout:
      return "ttl-expired";
    case ErrorReason::port_unreachable:  // the host itself says that
      return "reply";
    case ErrorReason::network_unreachable:
    case ErrorReason::host_unreachable:
    case ErrorReason::protocol_unreachable:
    case ErrorReason::fragmentation_needed:
    case ErrorReason::source_route_failed:
    case ErrorReason::prohibited:
    case ErrorReason::beyond_scope:
    case ErrorReason::reject_route:
    case ErrorReason::precedence:
    case ErrorReason::destination_unreachable:
    case ErrorReason::neighbour:
      return "no-route";
    default:
      return nullptr;
  }
}

// RFC 3032: label, traffic class, bottom of stack, TTL.
std::string labels(const Event& event) {
  std::string text;
  for (const std::uint32_t entry : event.label_stack) {
    text += fmt::format("{}{},{},{},{}", text.empty() ? " mpls " : ",", entry >> 12, entry >> 9 & 7,
                        entry >> 8 & 1, entry & 0xff);
  }
  return text;
}

std::string told(const char* word, const Event& event) {
  const Address from = event.from.value_or(event.address);
  std::string text = from.to_string();
  text.resize(std::min(text.find('%'), text.size()));
  // This host's own word has no round trip: how long it took to find out.
  const Nanoseconds time = event.rtt.value_or(event.received_at - event.sent_at);
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
  return fmt::format("{} {} {} round-trip-time {}{}", word, from.is_ipv4() ? "ip-4" : "ip-6", text,
                     microseconds, labels(event));
}

}  // namespace

std::string answer_to(const Event& event) {
  switch (event.kind) {
    case EventKind::reply:
      return told("reply", event);
    case EventKind::error: {
      const char* word = word_for(event.reason);
      return word == nullptr ? "no-reply" : told(word, event);
    }
    case EventKind::lost:
      return "no-reply";
    case EventKind::local:
      return refusal(event.system_errno);
    default:
      return {};
  }
}

std::string refusal(int system_errno) {
  switch (system_errno) {
    case EINVAL:
      return "invalid-argument";
    case ENETDOWN:
      return "network-down";
    case ENETUNREACH:
    case EHOSTUNREACH:
      return "no-route";
    case EPERM:
      return "permission-denied";
    case EADDRINUSE:
      return "address-in-use";
    case EADDRNOTAVAIL:
      return "address-not-available";
    default:
      return fmt::format("unexpected-error errno {}", system_errno);
  }
}

std::string refusal(const Error& error) {
  if (error.system_errno != 0) return refusal(error.system_errno);
  if (error.code == ErrorCode::permission_denied) return "permission-denied";
  if (error.code == ErrorCode::resource_limit) return refusal(EMFILE);
  return "invalid-argument";
}

}  // namespace sonde::compat::mtr
