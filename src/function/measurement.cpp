// measurement.cpp: see measurement.hpp.
#include "function/measurement.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

#include "function/waiting.hpp"

namespace sonde::function {
namespace {

// Of one address.
struct Measured {
  std::size_t target;  // its place among the request's
  AddressAnswer answer;
  std::optional<TargetId> id;  // unset: it could not be asked
};

bool is_verdict(EventKind kind) {
  return kind == EventKind::reply || kind == EventKind::lost || kind == EventKind::late ||
         kind == EventKind::error || kind == EventKind::local;
}

Error refused(const std::string& target, bool is_numeric, std::string_view meaning) {
  Error error;
  error.code = ErrorCode::permission_denied;
  error.what = is_numeric ? "this address is refused" : "an address of this name is refused";
  error.subject = target;
  error.hint = std::string(meaning) + "; whoever runs this function may open it with --allow or SONDE_ALLOW";
  return error;
}

}  // namespace

resolve::ResolverOptions self_contained_resolver() {
  resolve::ResolverOptions options;
  options.nsswitch_file = "/dev/null";
  options.system_lookup = [](const std::string& name, resolve::FamilyFilter) -> Result<resolve::Resolution> {
    return std::unexpected(Error{
        ErrorCode::not_found, 0, "cannot resolve " + name, {}, "only the hosts file and DNS are asked"});
  };
  options.system_threads = 1;
  return options;
}

class Measurement::Implementation {
 public:
  Implementation(Request request, const MeasuringOptions& options, MonotonicTime deadline);

  std::array<int, 2> descriptors() const {
    return {session_ ? session_->fd() : -1, resolver_ ? resolver_->fd() : -1};
  }
  MonotonicTime next_deadline() const;
  void process();
  bool done() const { return measured_out() || clock_.monotonic() >= deadline_; }
  Answer answer() const;

 private:
  bool measured_out() const { return unresolved_ == 0 && (!session_ || session_->done()); }
  void look_up(std::size_t target);
  void resolved(std::size_t target, const Result<resolve::Resolution>& resolution);
  void take_addresses(std::size_t target, const std::vector<Address>& addresses, bool is_numeric);
  void add(std::size_t target, const Address& address);
  void take_events();

  Request request_;
  const MeasuringOptions& options_;
  const Clock& clock_ = Clock::system();
  MonotonicTime began_ = clock_.monotonic();
  MonotonicTime deadline_;
  std::size_t addresses_each_;  // that there are probes for

  std::vector<TargetAnswer> targets_;  // their addresses are still in measured_
  std::vector<bool> waits_for_name_;   // of each target
  std::vector<Measured> measured_;
  std::size_t unresolved_ = 0;
  std::optional<resolve::Resolver> resolver_;  // from the first name on
  std::optional<Session> session_;             // unset: it could not be opened, see `session_error_`
  std::optional<Error> session_error_;
  TargetOptions target_options_;
};

Measurement::Implementation::Implementation(Request request, const MeasuringOptions& options,
                                            MonotonicTime deadline)
    : request_(std::move(request)),
      options_(options),
      deadline_(deadline),
      addresses_each_(
          std::min<std::size_t>(most_addresses, most_probes / (request_.count * request_.targets.size()))),
      targets_(request_.targets.size()),
      waits_for_name_(request_.targets.size()) {
  SessionOptions session;
  session.transport = request_.transport;
  session.event_capacity = 4096;  // a hundred verdicts, and what strangers may send beside them
  auto opened = Session::open(session);
  if (opened) {
    session_ = std::move(*opened);
  } else {
    session_error_ = std::move(opened.error());
  }
  target_options_.schedule = FixedInterval{request_.interval};
  target_options_.max_probes = request_.count;
  target_options_.timeout = request_.timeout;
  target_options_.payload_bytes = request_.size_bytes;
  target_options_.phase = Nanoseconds::zero();
  target_options_.network.tcp_port = request_.tcp_port;
  for (std::size_t target = 0; target < targets_.size(); ++target) {
    targets_[target].target = request_.targets[target];
    if (const auto address = Address::parse(request_.targets[target])) {
      take_addresses(target, {*address}, true);
    } else {
      look_up(target);
    }
  }
}

void Measurement::Implementation::look_up(std::size_t target) {
  if (!resolver_) {
    auto opened = resolve::Resolver::open(options_.resolver);
    if (!opened) {
      targets_[target].error = std::move(opened.error());
      return;
    }
    resolver_ = std::move(*opened);
  }
  ++unresolved_;
  waits_for_name_[target] = true;
  resolver_->resolve(
      request_.targets[target], resolve::FamilyFilter::any,
      [this, target](const Result<resolve::Resolution>& resolution) { resolved(target, resolution); });
}

void Measurement::Implementation::resolved(std::size_t target,
                                           const Result<resolve::Resolution>& resolution) {
  --unresolved_;
  waits_for_name_[target] = false;
  if (!resolution) {
    targets_[target].error = resolution.error();
    return;
  }
  std::vector<Address> addresses;
  for (const auto& known : resolution->addresses) addresses.push_back(known.address);
  take_addresses(target, addresses, false);
}

// All of them or none: a name that has a private address beside others is a way to look for private ones.
void Measurement::Implementation::take_addresses(std::size_t target, const std::vector<Address>& addresses,
                                                 bool is_numeric) {
  for (const Address& address : addresses) {
    if (const auto meaning = options_.gate.refusal(address)) {
      targets_[target].error = refused(request_.targets[target], is_numeric, *meaning);
      return;
    }
  }
  for (const Address& address : addresses) {
    const auto asked = static_cast<std::size_t>(&address - addresses.data());
    if (asked < addresses_each_) {
      add(target, address);
    } else {
      targets_[target].unmeasured.push_back(address);
    }
  }
}

void Measurement::Implementation::add(std::size_t target, const Address& address) {
  Measured& measured = measured_.emplace_back();
  measured.target = target;
  measured.answer.address = address;
  if (!session_) {
    measured.answer.error = session_error_;
    return;
  }
  auto added = session_->add(address, target_options_);
  if (added) {
    measured.id = *added;
  } else {
    measured.answer.error = std::move(added.error());
  }
}

MonotonicTime Measurement::Implementation::next_deadline() const {
  // Nothing to wait for, as where every target was refused.
  if (measured_out()) return clock_.monotonic();
  MonotonicTime next = deadline_;
  if (session_) next = std::min(next, session_->next_deadline().value_or(next));
  if (resolver_) next = std::min(next, resolver_->next_deadline().value_or(next));
  return next;
}

void Measurement::Implementation::process() {
  if (resolver_) resolver_->process();
  if (!session_) return;
  if (const auto processed = session_->process(); !processed) {
    for (Measured& measured : measured_) measured.answer.error = processed.error();
    session_.reset();
    return;
  }
  take_events();
}

void Measurement::Implementation::take_events() {
  std::array<Event, 64> events;
  for (std::size_t count = events.size(); count == events.size();) {
    count = session_->poll_events(events);
    for (Event& event : std::span(events).first(count)) {
      if (!is_verdict(event.kind)) continue;
      const auto measured = std::ranges::find(measured_, std::optional(event.target), &Measured::id);
      if (measured == measured_.end()) continue;
      // A late answer takes the place of the loss.
      auto& verdicts = measured->answer.verdicts;
      const auto place = std::ranges::lower_bound(verdicts, event.sequence, {}, &Event::sequence);
      if (place != verdicts.end() && place->sequence == event.sequence) {
        *place = std::move(event);
      } else {
        verdicts.insert(place, std::move(event));
      }
    }
  }
}

Answer Measurement::Implementation::answer() const {
  Answer answer;
  answer.complete = measured_out();
  answer.elapsed = clock_.monotonic() - began_;
  answer.targets = targets_;
  for (std::size_t target = 0; target < targets_.size(); ++target) {
    if (!waits_for_name_[target]) continue;
    answer.targets[target].error =
        Error{ErrorCode::unavailable, 0, "the name was not resolved in time", request_.targets[target], {}};
  }
  const auto notices = session_ ? session_->notices() : std::vector<TransportNotice>();
  for (const Measured& measured : measured_) {
    AddressAnswer& of_address = answer.targets[measured.target].addresses.emplace_back(measured.answer);
    const auto notice =
        std::ranges::find(notices, measured.answer.address.family(), &TransportNotice::family);
    if (measured.id && notice != notices.end()) of_address.transport = *notice;
    if (!measured.id || !session_) continue;
    if (const auto figures = session_->figures(*measured.id)) of_address.figures = *figures;
  }
  return answer;
}

Measurement::Measurement(Request request, const MeasuringOptions& options, MonotonicTime deadline)
    : implementation_(std::make_unique<Implementation>(std::move(request), options, deadline)) {}
Measurement::Measurement(Measurement&&) noexcept = default;
Measurement& Measurement::operator=(Measurement&&) noexcept = default;
Measurement::~Measurement() = default;

std::array<int, 2> Measurement::descriptors() const {
  return implementation_->descriptors();
}

MonotonicTime Measurement::next_deadline() const {
  return implementation_->next_deadline();
}

void Measurement::process() {
  implementation_->process();
}

bool Measurement::done() const {
  return implementation_->done();
}

Answer Measurement::answer() const {
  return implementation_->answer();
}

Answer run(Measurement measurement, int stop) {
  for (measurement.process(); !measurement.done(); measurement.process()) {
    const auto [session, resolver] = measurement.descriptors();
    std::array<pollfd, 3> waited_for{{{session, POLLIN, 0}, {resolver, POLLIN, 0}, {stop, POLLIN, 0}}};
    wait_for(waited_for, measurement.next_deadline());
    if ((waited_for[2].revents & POLLIN) != 0) break;
  }
  return measurement.answer();
}

}  // namespace sonde::function
