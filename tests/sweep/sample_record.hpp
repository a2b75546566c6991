// sample_record.hpp: a record with something in every field, and one that knows as little as there can be
// known.
#pragma once

#include "sweep/record.hpp"

namespace sonde::sweep {

inline Address address(std::string_view text) {
  return Address::parse(text).value();
}

inline Record full_record() {
  Record record;
  record.address = address("192.0.2.7");
  record.from = record.address;
  record.index = 9;
  record.is_reply = true;
  record.identifier = 4242;
  record.sequence = 77;
  record.rtt = Nanoseconds(12'345'678);
  record.sent_at = UnixTime(std::chrono::seconds(1'700'000'000) + Nanoseconds(5));
  record.received_at = *record.sent_at + *record.rtt;
  record.probe = 1;
  record.ttl = 52;
  record.bytes = 40;
  record.to = address("198.51.100.1");
  return record;
}

// An ICMP error that quotes too little to say which probe it is about.
inline Record bare_error() {
  Record record;
  record.address = address("2001:db8::7");
  record.from = address("2001:db8:ffff::1");
  record.type = 1;
  record.code = 3;
  record.reason = ErrorReason::host_unreachable;
  record.received_at = UnixTime(std::chrono::seconds(1'700'000'000));
  return record;
}

}  // namespace sonde::sweep
