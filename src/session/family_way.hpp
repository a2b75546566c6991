// family_way.hpp: by which way an address family is asked, and when that is in doubt.
//
// `auto` takes the first way that opens. That one may be shut all the same: a firewall refuses the sends (EPERM), or
// drops echo requests without a word. So when no target of a family has answered its first three probes, the next ways
// are tried on a few targets, and one that gets an answer is taken for the whole family. What was measured by the way
// before is kept apart: round-trip times of different ways are never mixed. Who tries, and how, is up to the caller;
// what is doubt and which way comes next is said here.
#pragma once

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sonde/event.hpp"
#include "sonde/figures.hpp"
#include "sonde/options.hpp"

namespace sonde::session {

// What the targets of a family say about the way they are asked by. The last three are this host's doing.
enum class WayVerdict : std::uint8_t {
  undecided,  // not everybody was asked often enough
  answered,   // by one of them
  silent,     // nobody answers
  refused,    // this host sends nothing to any of them (EPERM)
  swallowed,  // it took all probes, and no device stamped one as sent: an IPv6 ping socket hides a filter's EPERM
  unroutable,  // this host has no route to any of them, by no way
};

struct FamilyWay {
  static constexpr std::uint64_t probes_before_doubt = 3;
  static constexpr std::size_t most_trials = 8;        // targets that are asked by another way to try it
  static constexpr std::size_t most_looked_at = 4096;  // of more targets, these speak for the others
  static constexpr Nanoseconds trial_interval = std::chrono::milliseconds(200);

  Family family{};
  TransportKind way = TransportKind::automatic;  // automatic: that which the session took
  TransportKind tried = TransportKind::automatic;
  std::vector<TargetId> trials;  // targets of the session that are asked by `tried`, beside the ordinary ones
  WayVerdict doubt = WayVerdict::undecided;  // why `way` is left
  bool changed = false;                      // `way` is not the session's own choice any more
  bool settled = false;                      // an answer came, or there is no further way

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
      case TransportKind::xdp:
        break;
    }
    return TransportKind::automatic;
  }
};

inline bool answered(const Figures& figures) {
  return figures.received + figures.late > 0;
}

// Comes to that verdict from what is heard of one target after the other.
class WayInquiry {
 public:
  using Verdict = WayVerdict;

  // In doubt is who left `probes` unanswered; with `waits_no_longer` those that still may be answered are counted too.
  explicit WayInquiry(std::uint64_t probes = FamilyWay::probes_before_doubt, bool waits_no_longer = false)
      : probes_(probes), waits_no_longer_(waits_no_longer) {}

  // `unsent_errno`: why its last probe that did not leave did not; 0: all left, or it is not known. `unstamped`: how many of
  // its lost probes have no TX stamp, where they should.
  void hear(const Figures& figures, int unsent_errno, std::uint64_t unstamped = 0) {
    answered_ = answered_ || answered(figures);
    const std::uint64_t unanswered =
        figures.lost + figures.errors + figures.local + (waits_no_longer_ ? figures.in_flight : 0);
    undecided_ = undecided_ || unanswered < probes_;
    ++heard_;
    if (figures.lost > 0 && unstamped >= figures.lost) ++swallowed_;
    if (figures.local == 0) return;
    if (unsent_errno == EPERM) ++refused_;
    if (unsent_errno == ENETUNREACH || unsent_errno == EHOSTUNREACH) ++unroutable_;
  }
  // Nothing that another target says will change the verdict.
  bool over() const { return answered_ || undecided_ || heard_ == FamilyWay::most_looked_at; }

  Verdict verdict() const {
    if (answered_) return Verdict::answered;
    if (undecided_ || heard_ == 0) return Verdict::undecided;
    if (refused_ == heard_) return Verdict::refused;
    if (swallowed_ == heard_) return Verdict::swallowed;
    return unroutable_ == heard_ ? Verdict::unroutable : Verdict::silent;
  }

  // Whether other ways are to be tried. One host that is silent is most likely down: other ways are tried for it only
  // where that is wanted; what this host itself refuses is no question of hosts.
  static bool doubts(Verdict verdict, bool also_for_one) {
    return verdict == Verdict::refused || verdict == Verdict::swallowed ||
           (verdict == Verdict::silent && also_for_one);
  }

 private:
  std::uint64_t probes_;
  bool waits_no_longer_;
  bool answered_ = false, undecided_ = false;
  std::size_t heard_ = 0, refused_ = 0, swallowed_ = 0, unroutable_ = 0;
};

}  // namespace sonde::session
