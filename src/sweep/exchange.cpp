// exchange.cpp: see exchange.hpp.
#include "sweep/exchange.hpp"

namespace sonde::sweep {

bool Passage::push(const Handover& answer) {
  const std::uint32_t given = given_.load(std::memory_order_relaxed);
  if (given - taken_as_known_ == capacity) taken_as_known_ = taken_.load(std::memory_order_acquire);
  if (given - taken_as_known_ == capacity) return false;
  slots_[given % capacity] = answer;
  given_.store(given + 1, std::memory_order_release);
  return true;
}

bool Passage::give(const Handover& answer) {
  if (waiting_.empty() && push(answer)) return true;
  waiting_.push_back(answer);
  return false;
}

void Passage::retry() {
  while (!waiting_.empty() && push(waiting_.front())) waiting_.pop_front();
}

Exchange::Exchange(unsigned workers)
    : workers_(workers), owners_(std::size_t{UINT16_MAX} + 1, nobody), awaiting_(workers), reading_(workers) {
  passages_.resize(std::size_t{workers} * workers);
  for (unsigned from = 0; from < workers; ++from) {
    for (unsigned to = 0; to < workers; ++to) {
      if (from != to) passages_[from * workers + to] = std::make_unique<Passage>();
    }
  }
}

bool Leaving::turn_ended(bool has_waiting) {
  switch (step_) {
    case Step::asks:
      --exchange_->awaiting_;
      step_ = Step::reads_for_others;
      return false;
    case Step::reads_for_others:
      if (exchange_->awaiting_ == 0) step_ = Step::reads_the_last;
      return false;
    case Step::reads_the_last:
      if (has_waiting) return false;
      --exchange_->reading_;
      step_ = Step::takes;
      return false;
    case Step::takes:
      if (exchange_->reading_ == 0) step_ = Step::takes_the_last;
      return false;
    case Step::takes_the_last:
      return true;
  }
  return true;
}

}  // namespace sonde::sweep
