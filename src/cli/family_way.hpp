// family_way.hpp: by which way an address family is asked, and whether a better one is being looked for.
//
// `auto` takes the first way that opens. That one may be shut all the same: a firewall refuses the sends (EPERM), or
// drops echo requests without a word. So when no target of a family has answered its first three probes, the next ways
// are tried, one after the other, on a few targets; the first that gets an answer is taken for the whole family. What
// was measured by the way before keeps its own summary: round-trip times of different ways are never mixed.
#pragma once

#include <cstdint>
#include <vector>

#include "sonde/event.hpp"
#include "sonde/options.hpp"

namespace sonde::cli {

struct FamilyWay {
  static constexpr std::uint64_t probes_before_doubt = 3;
  static constexpr std::size_t most_trials = 8;        // targets that are asked by another way to try it
  static constexpr std::size_t most_looked_at = 4096;  // of more targets, these speak for the others

  // Why `way` is doubted: nobody answered; this host refused every send (EPERM); or it took them, and no device stamped
  // one as sent. The latter two are a packet filter's doing.
  enum class Doubt : std::uint8_t { silence, refused, swallowed };

  Family family{};
  TransportKind way = TransportKind::automatic;  // automatic: that which the session took
  TransportKind tried = TransportKind::automatic;
  std::vector<TargetId> trials;  // targets of the session that are asked by `tried`, beside the ordinary ones
  Doubt doubt = Doubt::silence;
  bool changed = false;  // `way` is not the session's own choice any more
  bool settled = false;  // an answer came, or there is no further way

  // The way after this one in the order of `auto`; automatic behind the last.
  static TransportKind after(TransportKind way) {
    switch (way) {
      case TransportKind::icmp_datagram:
        return TransportKind::icmp_raw;
      case TransportKind::icmp_raw:
        return TransportKind::udp;
      case TransportKind::udp:
        return TransportKind::tcp;
      case TransportKind::automatic:
      case TransportKind::tcp:
        break;
    }
    return TransportKind::automatic;
  }
};

}  // namespace sonde::cli
