// other_ways.hpp: looks for a way of asking that is answered, where nobody of an address family answers by the first.
//
// An invocation has seconds, not minutes: all further ways are tried at once, on a few addresses, each starting a little
// after the one it is worse than, so that the best of those that are answered is answered first. Which ways there
// are, and when one is in doubt, is session/family_way.hpp's, as in `sonde ping`.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sonde/session.hpp"

namespace sonde::function {

class OtherWays {
 public:
  // Tries what comes after `taken`, asking as `options` say but for the way, the count and the interval.
  // Nothing opens: nothing is running afterwards.
  void begin(Session& session, TransportKind taken, std::span<const Address> addresses,
             const TargetOptions& options);
  bool running() const { return !trials_.empty(); }

  // The way that got an answer; automatic: none yet, or none at all once nothing is running any more. Ends the trials
  // when there is something to say.
  TransportKind judge(Session& session);
  // Ends what is running, without a result.
  void end(Session& session);

  // Ways that were opened and got no answer, the best first.
  const std::vector<TransportKind>& silent() const { return silent_; }

 private:
  struct Trial {
    TransportKind way;
    TargetId target;
  };

  std::vector<Trial> trials_;  // the best way's first
  std::vector<TransportKind> silent_;
};

// "icmp", "icmp or raw", "icmp, raw or udp".
std::string listed(std::span<const TransportKind> ways);

}  // namespace sonde::function
