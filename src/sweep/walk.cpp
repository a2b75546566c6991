// walk.cpp: see walk.hpp.
#include "sweep/walk.hpp"

namespace sonde::sweep {

Walk::Walk(const Permutation& order, const AnswerSet& answers, Shard shard, std::uint64_t limit,
           Rounds rounds, WalkPosition begin, WalkPosition caught_up)
    : order_(&order),
      answers_(&answers),
      shard_(shard),
      rounds_(rounds),
      length_(shard.size_of(limit)),
      at_(begin),
      caught_up_(caught_up) {}

std::optional<Walk::Step> Walk::next() {
  for (int looked = 0; looked < patience && !round_is_over(); ++looked) {
    const bool silent_only = at_.round >= rounds_.probes || at_ < caught_up_;
    const std::uint64_t index = (*order_)(shard_.counter(at_.position));
    ++at_.position;
    if (silent_only && answers_->contains(index)) continue;
    return Step{index, static_cast<std::uint16_t>(at_.round)};
  }
  return std::nullopt;
}

void Walk::next_round() {
  at_ = {at_.round + 1, 0};
}

std::uint64_t Walk::left() const {
  if (is_over()) return 0;
  return length_ - at_.position + (rounds_.count() - at_.round - 1) * length_;
}

}  // namespace sonde::sweep
