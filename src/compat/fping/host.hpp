// host.hpp: a target as it is shown, and what is counted of it.
//
// fping counts a probe when it is decided (answered, timed out, refused by this host), not when it leaves, so that what is
// under way is no loss.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "sonde/address.hpp"
#include "sonde/session.hpp"
#include "sonde/time.hpp"

namespace sonde::compat::fping {

struct Tally {
  std::uint64_t sent = 0, received = 0;
  Nanoseconds min{}, max{}, sum{};

  void answered(Nanoseconds rtt) {
    ++sent;
    min = received == 0 ? rtt : std::min(min, rtt);
    max = received == 0 ? rtt : std::max(max, rtt);
    ++received;
    sum += rtt;
  }
  // Requires: something was received.
  Nanoseconds mean() const { return sum / static_cast<std::int64_t>(received); }
  std::uint64_t loss_percent() const {
    return sent == 0 ? 0 : (sent - std::min(sent, received)) * 100 / sent;
  }
};

struct Host {
  static constexpr Nanoseconds no_rtt{-1};

  std::string name;   // as it was given
  std::string shown;  // as it is written
  Address address;
  TargetId id{};
  Tally all, interval;
  std::vector<Nanoseconds> rtts;  // with -C, by the probe's place; no_rtt: none yet
  Nanoseconds timeout{};          // of the try that is under way (default mode)
  bool over = false;              // no longer in the session

  void keep_rtt(std::uint64_t index, Nanoseconds rtt) {
    if (rtts.size() <= index) rtts.resize(index + 1, no_rtt);
    rtts[index] = rtt;
  }
  // Of the first probes, as many as are decided.
  Nanoseconds rtt_at(std::uint64_t index) const { return index < rtts.size() ? rtts[index] : no_rtt; }
};

struct Hosts {
  std::vector<Host> list;
  std::uint64_t unknown = 0;  // names without an address
  std::size_t width = 0;      // of the longest text that is shown

  void add(std::string name, std::string shown, const Address& address) {
    width = std::max(width, shown.size());
    Host& host = list.emplace_back();
    host.name = std::move(name);
    host.shown = std::move(shown);
    host.address = address;
  }
};

}  // namespace sonde::compat::fping
