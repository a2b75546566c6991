// walk.hpp: whom one worker asks, in order: its shard of the permuted space, once for every probe that each address
// gets, then once for every retry over those that are silent.
//
// All of it is arithmetic on two numbers, round and position, so that is all a checkpoint keeps of it.
// Threads: not locked; one worker owns it. The answers may be entered by others meanwhile.
#pragma once

#include <cstdint>
#include <optional>

#include "sweep/answer_set.hpp"
#include "sweep/permutation.hpp"

namespace sonde::sweep {

struct WalkPosition {
  std::uint64_t round = 0, position = 0;
  friend auto operator<=>(const WalkPosition&, const WalkPosition&) = default;
};

struct Rounds {
  std::uint16_t probes = 1;   // to each address
  std::uint16_t retries = 0;  // then as many more to each that is silent
  std::uint64_t count() const { return std::uint64_t{probes} + retries; }
  friend bool operator==(const Rounds&, const Rounds&) = default;
};

class Walk {
 public:
  struct Step {
    std::uint64_t index = 0;
    std::uint16_t probe = 0;  // the round
  };

  // Over counters below `limit`, of which `shard` has its own. What lies between `begin` and `caught_up` was asked before,
  // and only who has not answered since is asked again. Requires: limit <= order.size(); both others outlive this.
  Walk(const Permutation& order, const AnswerSet& answers, Shard shard, std::uint64_t limit, Rounds rounds,
       WalkPosition begin = {}, WalkPosition caught_up = {});

  // The next address of this round; nullopt: the round is over, or `patience` addresses in a row had answered
  // (round_is_over() says which).
  std::optional<Step> next();
  bool round_is_over() const { return at_.position >= length_; }
  // Begins the next. Requires: the round is over.
  void next_round();
  bool is_over() const { return at_.round >= rounds_.count(); }
  // It asks the silent only, so answers to the one before have to be awaited first. Requires: the round is over.
  bool next_round_is_retry() const {
    return at_.round + 1 >= rounds_.probes && at_.round + 1 < rounds_.count();
  }

  WalkPosition at() const { return at_; }
  // Addresses still to come, of all rounds, at most.
  std::uint64_t left() const;
  std::uint64_t length() const { return length_; }

 private:
  static constexpr int patience = 4096;

  const Permutation* order_;
  const AnswerSet* answers_;
  Shard shard_;
  Rounds rounds_;
  std::uint64_t length_;
  WalkPosition at_, caught_up_;
};

}  // namespace sonde::sweep
