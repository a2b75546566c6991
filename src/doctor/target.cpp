// target.cpp: see target.hpp.
#include "doctor/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "net/wait.hpp"
#include "resolve/resolve_now.hpp"
#include "sonde/session.hpp"

namespace sonde::doctor {
namespace {

constexpr std::uint64_t probes = 3;
constexpr Nanoseconds interval = std::chrono::milliseconds(100);
constexpr Nanoseconds timeout = std::chrono::seconds(1);
constexpr Nanoseconds patience_for_names = std::chrono::seconds(5);

// One way to one address, while it is being asked.
class Asker {
 public:
  Asker(const WaySpec& way, const Address& address, const Attempt* attempt) {
    found_.way = way.way;
    found_.address = address;
    if (attempt != nullptr && !attempt->open) {
      found_.failure = fmt::format("closed, {}: {}", errno_name(attempt->system_errno), attempt->because);
    } else {
      begin(way.transport);
    }
  }
  Asker(const Asker&) = delete;  // the session calls back here
  Asker& operator=(const Asker&) = delete;

  bool done() const { return !session_ || session_->done(); }
  int fd() const { return session_->fd(); }
  std::optional<MonotonicTime> next_deadline() const { return session_->next_deadline(); }
  void process() {
    if (auto processed = session_->process(); !processed) refuse(processed.error());
  }

  TargetWay finish() {
    if (!session_) return std::move(found_);
    const auto figures = session_->figures(target_);
    if (!figures) return std::move(found_);
    found_.sent = figures->sent;
    found_.received = figures->received;
    if (figures->rtt) {
      found_.min = figures->rtt->min;
      found_.median = figures->rtt->p50;
      found_.max = figures->rtt->max;
    }
    if (found_.failure.empty() && figures->lost > 0) {
      found_.failure = fmt::format("no answer within {} s", std::chrono::duration<double>(timeout).count());
      if (unstamped_ == figures->lost)
        found_.failure +=
            "; none was stamped as sent: a packet filter of this host may drop them without an error";
    }
    return std::move(found_);
  }

 private:
  void begin(TransportKind transport) {
    SessionOptions options;
    options.transport = transport;
    auto opened = Session::open(options, [this](const Event& event) { take(event); });
    if (!opened) return refuse(opened.error());
    session_.emplace(std::move(*opened));
    TargetOptions target;
    target.schedule = FixedInterval{interval};
    target.max_probes = probes;
    target.timeout = timeout;
    target.phase = Nanoseconds::zero();
    const auto added = session_->add(found_.address, target);
    if (!added) return refuse(added.error());
    target_ = *added;
    found_.tried = true;
  }
  void refuse(const Error& error) {
    found_.failure = error.message();
    session_.reset();
  }
  void take(const Event& event) {
    // A refused TCP handshake is timed by another clock than an accepted one.
    if (event.rtt) found_.clock = event.clock;
    if (event.kind == EventKind::lost && event.flags.has(EventFlag::no_tx_stamp)) ++unstamped_;
    if (event.kind == EventKind::local) {
      found_.failure = fmt::format("this host cannot send: {}", errno_name(event.system_errno));
    } else if (event.kind == EventKind::error) {
      found_.failure = std::string(to_string(event.reason));
      if (event.from) found_.failure += fmt::format(", said by {}", event.from->to_string());
    }
  }

  TargetWay found_;
  std::optional<Session> session_;
  TargetId target_{};
  std::uint64_t unstamped_ = 0;  // lost, and seen leaving this host by no device
};

const Attempt* find_attempt(std::span<const WayFound> ways, Way way, Family family) {
  const auto found = std::ranges::find(ways, way, &WayFound::way);
  if (found == ways.end()) return nullptr;
  const auto attempt = std::ranges::find(found->attempts, family, &Attempt::family);
  return attempt == found->attempts.end() ? nullptr : &*attempt;
}

void run(std::vector<std::unique_ptr<Asker>>& askers) {
  std::vector<pollfd> waited_for;
  for (;;) {
    waited_for.clear();
    std::optional<MonotonicTime> next;
    for (const auto& asker : askers) {
      if (asker->done()) continue;
      asker->process();
      if (asker->done()) continue;
      waited_for.push_back({asker->fd(), POLLIN, 0});
      next = net::earlier(next, asker->next_deadline());
    }
    if (waited_for.empty()) return;
    net::wait_until(waited_for, next);
  }
}

}  // namespace

TargetFound ask_target(const std::string& name, std::optional<Family> family,
                       std::span<const WayFound> ways) {
  TargetFound found{name, {}, {}};
  const auto resolution = resolve::resolve_now(name, family, patience_for_names);
  if (!resolution) {
    found.failure = resolution.error().message();
    return found;
  }
  std::vector<std::unique_ptr<Asker>> askers;
  for (const Family wanted : {Family::ipv4, Family::ipv6}) {
    const auto& addresses = resolution->addresses;
    const auto first = std::ranges::find(
        addresses, wanted, [](const resolve::ResolvedAddress& entry) { return entry.address.family(); });
    if (first == addresses.end()) continue;
    for (const WaySpec& way : all_ways) {
      askers.push_back(std::make_unique<Asker>(way, first->address, find_attempt(ways, way.way, wanted)));
    }
  }
  run(askers);
  for (const auto& asker : askers) found.ways.push_back(asker->finish());
  return found;
}

}  // namespace sonde::doctor
