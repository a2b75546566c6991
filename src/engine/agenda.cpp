// agenda.cpp: see agenda.hpp for the rules of each policy.
#include "engine/agenda.hpp"

#include <algorithm>
#include <cmath>

namespace sonde::engine {

Agenda::Agenda(MonotonicTime start) : timers_(start) {}

namespace {

// Of what sets differ in most; equality decides.
std::size_t hash_of(const TargetOptions& options) {
  std::size_t hash = options.schedule.index();
  const auto mix = [&hash](std::uint64_t value) {
    constexpr std::uint64_t golden =
        0x9e3779b97f4a7c15;  // 2^64 over the golden ratio: spreads what is close together
    hash = (hash ^ value) * golden;
    hash ^= hash >> 32;
  };
  if (const auto* fixed = std::get_if<FixedInterval>(&options.schedule))
    mix(static_cast<std::uint64_t>(fixed->interval.count()));
  if (const auto* until = std::get_if<UntilAnswered>(&options.schedule)) mix(until->retries);
  mix(static_cast<std::uint64_t>(options.timeout.count()));
  mix(options.max_probes);
  mix(options.payload_bytes);
  mix(options.pattern.empty() ? 0 : 1 + std::to_integer<std::uint64_t>(options.pattern.front()));
  const NetworkOptions& network = options.network;
  mix(std::uint64_t{network.ttl.value_or(0)} << 40 | std::uint64_t{network.tos.value_or(0)} << 32 |
      network.flow_label.value_or(0));
  mix(std::uint64_t{network.mark.value_or(0)} << 32 | std::uint64_t{network.tcp_port} << 16 |
      network.identifier.value_or(0));
  return hash;
}

}  // namespace

OptionsIndex Agenda::intern(const TargetOptions& options) {
  if (options.phase) {
    TargetOptions without_phase = options;
    without_phase.phase.reset();
    return intern(without_phase);
  }
  const auto used_once_more = [this](OptionsIndex index) {
    ++options_[index].uses;
    return last_interned_ = index;
  };
  const auto is_at = [&](OptionsIndex index) {
    return options_[index].uses != 0 && options_[index].options == options;
  };
  if (last_interned_ < options_.size() && is_at(last_interned_)) return used_once_more(last_interned_);
  const std::size_t hash = hash_of(options);
  const auto [first, last] = options_by_hash_.equal_range(hash);
  for (auto known = first; known != last; ++known) {
    if (is_at(known->second)) return used_once_more(known->second);
  }
  if (free_options_.empty()) {
    free_options_.push_back(static_cast<OptionsIndex>(options_.size()));
    options_.emplace_back();
  }
  const OptionsIndex index = free_options_.back();
  options_[index].options = options;
  options_[index].hash = hash;
  options_by_hash_.emplace(hash, index);
  free_options_.pop_back();
  return used_once_more(index);
}

void Agenda::release(OptionsIndex index) {
  OptionSet& set = options_[index];
  if (--set.uses != 0) return;
  const auto [first, last] = options_by_hash_.equal_range(set.hash);
  options_by_hash_.erase(
      std::find_if(first, last, [index](const auto& known) { return known.second == index; }));
  set.options = {};
  free_options_.push_back(index);
}

void Agenda::count_rate(const TargetOptions& options, int direction) {
  if (std::holds_alternative<OnAnswer>(options.schedule))
    direction > 0 ? ++paced_by_answers_ : --paced_by_answers_;
  const auto* fixed = std::get_if<FixedInterval>(&options.schedule);
  if (fixed != nullptr && fixed->interval > Nanoseconds::zero()) {
    rate_ += direction * 1e9 / static_cast<double>(fixed->interval.count());
  } else if (direction > 0) {
    ++fast_targets_;
  } else {
    --fast_targets_;
  }
}

TargetIndex Agenda::place(const Address& address, const TargetOptions& options) {
  TargetIndex index = 0;
  if (free_places_.empty()) {
    index = static_cast<TargetIndex>(targets_.size());
    targets_.emplace_back();
    timers_.grow(targets_.size());
  } else {
    index = free_places_.back();
    free_places_.pop_back();
  }
  Target& target = targets_[index];
  const std::uint32_t generation = target.generation + 1;
  target = Target{};
  target.address = address;
  target.generation = generation;
  target.options = intern(options);
  target.present = true;
  ++unfinished_;
  return index;
}

TargetIndex Agenda::ask(const Address& address, const TargetOptions& options, MonotonicTime due) {
  const TargetIndex index = place(address, options);
  targets_[index].question = true;
  targets_[index].anchor = due;
  timers_.set(index, due);
  return index;
}

TargetIndex Agenda::add(const Address& address, const TargetOptions& options, MonotonicTime first_due) {
  const TargetIndex index = place(address, options);
  count_rate(options, +1);
  longest_timeout_ = std::max(longest_timeout_, options.timeout);
  if (by_address_built_ && !by_address_.try_emplace(address, index).second) ++shared_addresses_;
  if (stopped_) {
    settle_if_finished(index);
    return index;
  }
  if (std::holds_alternative<SynchronousRounds>(options.schedule)) {
    round_members_.push_back(index);
    // A member that comes while a round runs joins the next one.
    if (round_began_ && round_owing_ != 0) return index;
    ++round_owing_;
  }
  targets_[index].anchor = first_due;
  timers_.set(index, first_due);
  return index;
}

void Agenda::remove(TargetIndex index) {
  Target& target = targets_[index];
  if (!target.finished) --unfinished_;
  if (!target.question) count_rate(options_of(index), -1);
  const auto* rounds = std::get_if<SynchronousRounds>(&options_of(index).schedule);
  const bool owes_verdict = target.waiting != 0 || timers_.is_set(index);
  timers_.cancel(index);
  target.present = false;
  target.finished = true;
  if (by_address_built_ && !target.question) forget_address(index);
  if (target.generation < last_generation) free_places_.push_back(index);
  if (rounds != nullptr) {
    std::erase(round_members_, index);
    if (owes_verdict) after_round_verdict(*rounds, target.anchor);
  }
  release(target.options);
}

void Agenda::change(TargetIndex index, const TargetOptions& options, MonotonicTime now) {
  Target& target = targets_[index];
  const auto* fixed = std::get_if<FixedInterval>(&options_of(index).schedule);
  const Nanoseconds interval_before = fixed != nullptr ? fixed->interval : Nanoseconds::zero();
  const OptionsIndex before = target.options;
  count_rate(this->options(before), -1);
  target.options = intern(options);
  release(before);
  count_rate(options, +1);
  if (fixed != nullptr && timers_.is_set(index) && target.sequence != 0) replan(index, interval_before, now);
}

// Sets the time of the next probe after the interval was another.
void Agenda::replan(TargetIndex index, Nanoseconds interval_before, MonotonicTime now) {
  Target& target = targets_[index];
  const Nanoseconds interval = std::get<FixedInterval>(options_of(index).schedule).interval;
  if (interval == interval_before) return;
  target.has_slot = false;
  MonotonicTime next = now;
  if (interval > Nanoseconds::zero()) {
    const MonotonicTime last_due =
        interval_before > Nanoseconds::zero() ? target.anchor - interval_before : now;
    next = last_due + interval;
    if (next < now) next += ((now - next - Nanoseconds(1)) / interval + 1) * interval;
  }
  target.anchor = next;
  timers_.set(index, next);
}

void Agenda::reserve(std::size_t targets) {
  targets_.reserve(targets);
  timers_.reserve(targets);
}

void Agenda::postpone(Nanoseconds by) {
  for (TargetIndex index = 0; index < targets_.size(); ++index) {
    if (!timers_.is_set(index)) continue;
    timers_.set(index, timers_.deadline(index) + by);
    targets_[index].anchor += by;
  }
}

bool Agenda::may_send(const Target& target, const TargetOptions& options) const {
  if (stopped_ || !target.present || target.finished) return false;
  if (options.max_probes != 0 && target.sequence >= options.max_probes) return false;
  return options.max_replies == 0 || target.replies < options.max_replies;
}

std::uint64_t Agenda::plan_interval(TargetIndex index, const FixedInterval& schedule, MonotonicTime due,
                                    MonotonicTime now) {
  if (schedule.interval <= Nanoseconds::zero()) {
    timers_.set(index, now);
    return 0;
  }
  std::uint64_t skipped = 0;
  MonotonicTime next = due + schedule.interval;
  if (now - due > stall && next <= now) {
    const auto missed = (now - next) / schedule.interval + 1;
    next += missed * schedule.interval;
    skipped = static_cast<std::uint64_t>(missed);
  }
  targets_[index].anchor = next;
  timers_.set(index, next);
  return skipped;
}

void Agenda::take_due(MonotonicTime now, Sending& sending) {
  const TargetIndex index = *timers_.pop_due();
  Target& target = targets_[index];
  const TargetOptions& options = this->options(target.options);
  sending = {index, target.sequence, timers_.deadline(index), 0};

  ++target.sequence;
  ++target.waiting;
  target.has_slot = false;
  const bool more = may_send(target, options);
  if (const auto* fixed = std::get_if<FixedInterval>(&options.schedule)) {
    sending.due = target.anchor;
    if (fixed->interval > Nanoseconds::zero()) lag_.record(now - sending.due);
    if (more) sending.skipped = plan_interval(index, *fixed, sending.due, now);
    skipped_sends_ += sending.skipped;
    return;
  }
  target.anchor = now;
  if (const auto* on_answer = std::get_if<OnAnswer>(&options.schedule)) {
    std::optional<Nanoseconds> pause = on_answer->flood_interval;
    if (target.sequence < on_answer->preload) {
      pause = Nanoseconds::zero();
    } else if (target.waiting < on_answer->preload) {
      // Several answers came at once: as many are under way again.
      pause = std::min(on_answer->min_interval, pause.value_or(Nanoseconds::max()));
    }
    if (more && pause) timers_.set(index, now + *pause);
  } else if (std::holds_alternative<SynchronousRounds>(options.schedule)) {
    // When it was due, so that rounds do not drift; unless a stall lies between.
    if (!round_began_) round_began_ = now - sending.due > stall ? now : sending.due;
  }
}

void Agenda::put_back(const Sending& sending, MonotonicTime again) {
  Target& target = targets_[sending.target];
  target.sequence = sending.sequence;
  --target.waiting;
  if (std::holds_alternative<FixedInterval>(options_of(sending.target).schedule)) target.anchor = sending.due;
  skipped_sends_ -= sending.skipped;
  timers_.set(sending.target, again);
}

Nanoseconds Agenda::timeout_of_next(TargetIndex index) const {
  const Target& target = targets_[index];
  const TargetOptions& options = this->options(target.options);
  const auto* until = std::get_if<UntilAnswered>(&options.schedule);
  if (until == nullptr || until->backoff == 1.0 || target.retries_used == 0) return options.timeout;
  const double factor = std::pow(until->backoff, target.retries_used);
  constexpr double longest_ns = 3.6e12;  // an hour: backoff must not overflow
  return Nanoseconds(
      static_cast<std::int64_t>(std::min(longest_ns, static_cast<double>(options.timeout.count()) * factor)));
}

void Agenda::settle_if_finished(TargetIndex index) {
  Target& target = targets_[index];
  if (target.finished || target.waiting != 0 || timers_.is_set(index)) return;
  const TargetOptions& options = this->options(target.options);
  // A member of a round that may go on waits for the others without a timer.
  if (std::holds_alternative<SynchronousRounds>(options.schedule) && may_send(target, options)) return;
  target.finished = true;
  --unfinished_;
}

void Agenda::after_round_verdict(const SynchronousRounds& schedule, MonotonicTime now) {
  if (--round_owing_ != 0) return;
  const MonotonicTime next = std::max(now, round_began_.value_or(now) + schedule.interval);
  round_began_.reset();
  for (const TargetIndex member : round_members_) {
    if (may_send(targets_[member], options_of(member))) {
      timers_.set(member, next);
      ++round_owing_;
    } else {
      settle_if_finished(member);
    }
  }
}

void Agenda::verdict(TargetIndex index, EventKind kind, MonotonicTime now, MonotonicTime timed_out_at) {
  Target& target = targets_[index];
  const TargetOptions& options = this->options(target.options);
  timers_.advance(now);  // what a verdict makes due now need not wait for the wheel's next tick
  const bool answered = kind == EventKind::reply || kind == EventKind::late;
  if (answered) ++target.replies;
  if (kind != EventKind::late) --target.waiting;  // a late probe had its verdict: lost
  const bool ends = timers_.is_set(index) && !may_send(target, options);
  if (ends) timers_.cancel(index);

  if (const auto* on_answer = std::get_if<OnAnswer>(&options.schedule)) {
    // Preloaded probes keep as many under way as there were. A send that this host refused is not repeated at
    // once.
    if (kind != EventKind::late && may_send(target, options)) {
      const MonotonicTime earliest = target.anchor + on_answer->min_interval;
      timers_.set(index, std::max(now, kind == EventKind::local ? timed_out_at : earliest));
    }
  } else if (const auto* until = std::get_if<UntilAnswered>(&options.schedule)) {
    if (answered || target.retries_used >= until->retries) {
      timers_.cancel(index);
      target.retries_used = until->retries;
    } else if (may_send(target, options)) {
      ++target.retries_used;
      timers_.set(index, std::max(now, timed_out_at));
    }
  } else if (const auto* rounds = std::get_if<SynchronousRounds>(&options.schedule)) {
    // A late answer may be the last that its target may have: then it takes no part in the round that was
    // planned.
    if (kind != EventKind::late || ends) {
      after_round_verdict(*rounds, kind == EventKind::local ? now + refused_pause : now);
    }
  } else if (const auto* fixed = std::get_if<FixedInterval>(&options.schedule)) {
    if (kind == EventKind::local && timers_.is_set(index)) pause_refused(index, *fixed, now);
  }
  settle_if_finished(index);
  // Until a late answer or a duplicate finds nobody.
  if (target.question && !stopped_) timers_.set(index, timed_out_at + options.timeout);
}

void Agenda::pause_refused(TargetIndex index, const FixedInterval& schedule, MonotonicTime now) {
  const MonotonicTime earliest = now + refused_pause;
  if (timers_.deadline(index) >= earliest) return;
  if (schedule.interval <= Nanoseconds::zero()) return timers_.set(index, earliest);
  MonotonicTime& due = targets_[index].anchor;
  due += ((earliest - due - Nanoseconds(1)) / schedule.interval + 1) * schedule.interval;
  timers_.set(index, due);
}

void Agenda::stop() {
  stopped_ = true;
  for (TargetIndex index = 0; index < targets_.size(); ++index) {
    if (!targets_[index].present) continue;
    timers_.cancel(index);
    settle_if_finished(index);
  }
}

void Agenda::forget_address(TargetIndex index) {
  const auto found = by_address_.find(targets_[index].address);
  if (found->second != index) {
    --shared_addresses_;
    return;
  }
  // Another with the same address takes its place; mostly it was added soon after.
  for (std::size_t step = 1; shared_addresses_ != 0 && step < targets_.size(); ++step) {
    const auto other = static_cast<TargetIndex>((index + step) % targets_.size());
    if (!targets_[other].present || targets_[other].question ||
        targets_[other].address != targets_[index].address)
      continue;
    found->second = other;
    --shared_addresses_;
    return;
  }
  by_address_.erase(found);
}

std::optional<TargetIndex> Agenda::find(const Address& address) {
  if (!by_address_built_) {
    by_address_built_ = true;
    by_address_.reserve(targets_.size());
    for (TargetIndex index = 0; index < targets_.size(); ++index) {
      if (!targets_[index].present || targets_[index].question) continue;
      if (!by_address_.try_emplace(targets_[index].address, index).second) ++shared_addresses_;
    }
  }
  const auto found = by_address_.find(address);
  if (found == by_address_.end()) return std::nullopt;
  return found->second;
}

}  // namespace sonde::engine
