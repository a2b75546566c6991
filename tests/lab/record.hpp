// record.hpp: what the responder received and did: the truth that verdicts are compared with.
//
// As text it is JSON lines: {"record":"request",...} per request in the order received, each with its
// answers, and one
// {"record":"summary",...} at the end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lab/host_address.hpp"
#include "lab/packet.hpp"

namespace sonde::lab {

// A moment on both clocks, nanoseconds.
struct Instant {
  std::int64_t monotonic_ns = 0;
  std::int64_t unix_ns = 0;
};

// Why a request was answered or not.
enum class Fate : std::uint8_t { answered, error, silence, lost, dead, down, unknown_host };
std::string_view to_string(Fate fate);
std::string_view to_string(Answer::Kind kind);
std::string_view to_string(Protocol protocol);

struct AnswerRecord {
  Answer answer;
  std::int64_t delay_ns = 0;  // after the request was read, as the scenario asks
  bool sent = false;
  // The write to the device lies between these two, and so does the kernel's RX stamp.
  Instant before, after;
};

struct RequestRecord {
  Instant received;
  Protocol protocol = Protocol::icmp;
  HostAddress source, destination;
  std::uint64_t probe = 0;  // counts this host's requests from 1
  std::uint16_t identifier = 0, sequence = 0;
  std::uint8_t ttl = 0, tos = 0;
  bool checksum_right = false;
  std::uint32_t bytes = 0;  // the message behind the IP header
  std::uint64_t token = 0;  // the first 8 payload bytes, big endian; 0 when there are fewer
  Fate fate = Fate::answered;
  std::vector<AnswerRecord> answers;  // in the order they were planned
};

struct RecordSummary {
  std::uint64_t requests = 0, answers = 0, answers_failed = 0, unknown_hosts = 0;
  std::uint64_t other_packets = 0;    // not whole, or no request that its host answers by any way
  std::uint64_t wrong_checksums = 0;  // requests
};

struct ResponderRecord {
  std::vector<RequestRecord> requests;  // empty in summary-only mode
  RecordSummary summary;

  // The requests to one host, in the order received.
  std::vector<const RequestRecord*> requests_to(const HostAddress& host) const;
  // Throws std::runtime_error on what is no record.
  static ResponderRecord parse(std::string_view json_lines);
};

void append_json(const RequestRecord& request, std::string& out);
void append_json(const RecordSummary& summary, std::string& out);

}  // namespace sonde::lab
