// record.cpp: see record.hpp.
#include "sweep/record.hpp"

namespace sonde::sweep {

Counts& Counts::operator+=(const Counts& other) {
  sent += other.sent;
  refused += other.refused;
  replies += other.replies;
  answering += other.answering;
  late += other.late;
  duplicates += other.duplicates;
  errors += other.errors;
  forged += other.forged;
  receive_drops += other.receive_drops;
  clock_steps += other.clock_steps;
  rtt_bounds += other.rtt_bounds;
  return *this;
}

}  // namespace sonde::sweep
