// resolver.cpp: who is asked for a name, when, and what is done with the answer.
#include "resolve/resolver.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "net/file_descriptor.hpp"
#include "resolve/local_files.hpp"

namespace sonde::resolve {
namespace {

// --- Pacing
//
// Started too fast, look-ups overflow a receive buffer, the server's or ours (some 250 packets), and wait for
// a retry. So at most `window` of them are fresh: started less than `fresh_for` ago and unanswered. A quick
// server thus sets the pace itself, and names that nobody answers hold up the others by no more than
// fresh_for / window each.
constexpr auto fresh_for = std::chrono::milliseconds(50);
constexpr std::size_t local_answers_at_once = 1000;  // process() shall return soon
constexpr auto forever = std::chrono::seconds(std::chrono::hours(24 * 365));

bool is_localhost(const std::string& folded) {
  return folded == "localhost" || folded.ends_with(".localhost");
}

}  // namespace

class Resolver::Implementation {
 public:
  Implementation(ResolverOptions options, net::FileDescriptor epoll)
      : options_(std::move(options)),
        clock_(options_.clock != nullptr ? *options_.clock : Clock::system()),
        epoll_(std::move(epoll)),
        hosts_(options_.hosts_file),
        resolv_conf_(options_.dns.resolv_conf) {}

  using Answered = std::function<void(Result<Resolution>)>;

  void submit(std::string name, FamilyFilter filter, Answered answered) {
    pending_.push_back({std::move(name), filter, std::move(answered)});
  }
  WatchId watch(std::string name, FamilyFilter filter, Callback callback);
  void unwatch(WatchId id);
  void reverse(const Address& address, NameCallback callback);
  const Result<std::string>* cached_name(const Address& address) const;

  int fd() const { return epoll_.get(); }
  std::optional<MonotonicTime> next_deadline() const;
  void process();
  bool idle() const {
    return pending_.empty() && pending_reverse_.empty() && completed_.empty() && outstanding_ == 0 &&
           outstanding_reverse_ == 0 && system_jobs_.empty();
  }

 private:
  struct Request {
    std::string name;
    FamilyFilter filter = FamilyFilter::any;
    Answered answered;
  };

  struct Watch {
    std::string name;
    FamilyFilter filter = FamilyFilter::any;
    std::shared_ptr<Callback> callback;  // shared, so that unwatch() may be called from within it
    std::optional<Resolution> last_good;
    unsigned failures = 0;  // since the last good answer
    bool told = false;      // the first answer, good or bad
    MonotonicTime due{};    // of the next look-up, when none is under way
  };

  struct CachedName {
    Result<std::string> name;
    MonotonicTime expires{};
  };

  MonotonicTime now() const { return clock_.monotonic(); }
  bool window_is_full() const { return fresh_.size() >= options_.window; }
  bool may_start_name() const { return !pending_.empty() && outstanding_ < options_.max_outstanding; }
  bool may_start_reverse() const {
    return !pending_reverse_.empty() && outstanding_reverse_ < options_.max_outstanding_reverse;
  }

  std::uint64_t started_one() {
    fresh_.emplace_hint(fresh_.end(), next_serial_, now());
    return next_serial_++;
  }

  void receive();
  void start_pending();
  void start(Request request);
  bool answer_locally(Request& request);
  void ask_dns(Request request);
  void ask_system(Request request);
  void start_reverse(const Address& address);
  void start_due_watches();
  void look_up_watched(WatchId id, const Watch& watch);
  void watch_answered(WatchId id, Result<Resolution> answer);
  void reverse_answered(const Address& address, Result<std::string> name);
  void run_completed();
  void complete(Request& request, Result<Resolution> answer) {
    completed_.emplace_back(
        [answered = std::move(request.answered), answer = std::move(answer)] { answered(answer); });
  }
  Result<DnsChannel*> dns();
  Result<SystemLookup*> system();
  const NameSources& sources() {
    if (!sources_) sources_ = name_sources(options_.nsswitch_file);
    return *sources_;
  }

  ResolverOptions options_;
  const Clock& clock_;
  net::FileDescriptor epoll_;  // before what registers in it

  std::optional<NameSources> sources_;
  HostsFile hosts_;
  FileWatch resolv_conf_;
  std::unique_ptr<DnsChannel> dns_;
  std::optional<SystemLookup> system_;

  std::deque<Request> pending_;
  std::deque<Address> pending_reverse_;
  std::size_t outstanding_ = 0, outstanding_reverse_ = 0;  // at DNS
  std::unordered_map<std::uint64_t, Request> system_jobs_;
  std::uint64_t next_system_job_ = 0;
  std::map<std::uint64_t, MonotonicTime> fresh_;  // by serial number, so by time
  std::uint64_t next_serial_ = 0;
  std::vector<std::function<void()>> completed_;  // callbacks to run at the end of process()

  std::unordered_map<std::uint64_t, Watch> watches_;
  std::set<std::pair<MonotonicTime, std::uint64_t>> due_;
  std::uint64_t next_watch_ = 1;

  std::unordered_map<Address, std::vector<NameCallback>> waiting_for_name_;
  std::unordered_map<Address, CachedName> names_;
};

// --- Who is asked -----------------------------------------------------------------------------------------

bool Resolver::Implementation::answer_locally(Request& request) {
  Resolution resolution;
  const std::string folded = folded_name(request.name);
  const auto address = Address::parse(request.name);
  if (!address && request.name.find(':') != std::string::npos) {  // an IPv6 address gone wrong, or its zone
    complete(request, std::unexpected(address.error()));
    return true;
  }
  if (address) {
    resolution = {{{*address, forever}}, request.name};
  } else if (const HostsFile::Entry* entry = hosts_.find(folded)) {
    for (const Address& known : entry->addresses) resolution.addresses.push_back({known, default_ttl});
    resolution.canonical_name = entry->canonical_name;
  } else if (is_localhost(folded)) {  // RFC 6761 section 6.3: never asked of DNS
    resolution.canonical_name = "localhost";
    resolution.addresses = {{Address::loopback(Family::ipv6), default_ttl},
                            {Address::loopback(Family::ipv4), default_ttl}};
  } else {
    return false;
  }
  const bool is_numeric = resolution.ttl() == forever;
  auto answer = filtered(std::move(resolution), request.name, request.filter);
  // The hosts file may have one family, and DNS the other.
  if (!answer && !is_numeric && !is_localhost(folded)) return false;
  if (answer) order_destinations(answer->addresses);
  complete(request, std::move(answer));
  return true;
}

void Resolver::Implementation::start(Request request) {
  if (answer_locally(request)) return;
  const std::string folded = folded_name(request.name);
  const bool is_ascii =
      std::all_of(folded.begin(), folded.end(), [](char letter) { return (letter & 0x80) == 0; });
  const bool only_system_knows =
      !sources().dns || !is_ascii || (sources().multicast_dns && folded.ends_with(".local"));
  if (only_system_knows) {
    ask_system(std::move(request));
  } else {
    ask_dns(std::move(request));
  }
}

void Resolver::Implementation::ask_dns(Request request) {
  const auto channel = dns();
  if (!channel) return complete(request, std::unexpected(channel.error()));
  ++outstanding_;
  const std::uint64_t serial = started_one();
  const std::string name = request.name;
  const FamilyFilter filter = request.filter;
  // Shared, because std::function must be copyable.
  auto held = std::make_shared<Request>(std::move(request));
  (*channel)->lookup(name, filter, [this, held, serial](Result<Resolution> answer) {
    --outstanding_;
    fresh_.erase(serial);
    // A name without a dot is more likely the system's, so even a server's failure is not the last word on
    // it.
    const bool may_be_local =
        !answer && sources().others &&
        (answer.error().code == ErrorCode::not_found || held->name.find('.') == std::string::npos);
    if (may_be_local) {
      ask_system(std::move(*held));
    } else {
      complete(*held, std::move(answer));
    }
  });
}

void Resolver::Implementation::ask_system(Request request) {
  const auto lookup = system();
  if (!lookup) return complete(request, std::unexpected(lookup.error()));
  const std::uint64_t job = next_system_job_++;
  (*lookup)->submit(job, request.name, request.filter);
  system_jobs_.emplace(job, std::move(request));
}

Result<DnsChannel*> Resolver::Implementation::dns() {
  const bool quiet = outstanding_ == 0 && outstanding_reverse_ == 0;
  if (quiet && resolv_conf_.changed()) dns_.reset();
  if (!dns_) {
    auto channel = std::make_unique<DnsChannel>(epoll_.get());
    if (auto opened = channel->open(options_.dns); !opened) return std::unexpected(opened.error());
    dns_ = std::move(channel);
  }
  return dns_.get();
}

Result<SystemLookup*> Resolver::Implementation::system() {
  if (!system_) {
    auto opened = SystemLookup::open(options_.system_lookup, options_.system_threads);
    if (!opened) return std::unexpected(opened.error());
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = opened->fd();
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, opened->fd(), &event) != 0) {
      return std::unexpected(Error::from_errno(errno, "cannot wait for name lookups"));
    }
    system_.emplace(std::move(*opened));
  }
  return &*system_;
}

// --- When -------------------------------------------------------------------------------------------------

void Resolver::Implementation::start_pending() {
  while (!fresh_.empty() && fresh_.begin()->second + fresh_for <= now()) fresh_.erase(fresh_.begin());
  std::size_t left = local_answers_at_once;
  for (; may_start_name() && !window_is_full() && left > 0; --left) {
    Request request = std::move(pending_.front());
    pending_.pop_front();
    start(std::move(request));
  }
  for (; may_start_reverse() && !window_is_full() && left > 0; --left) {
    const Address address = pending_reverse_.front();
    pending_reverse_.pop_front();
    start_reverse(address);
  }
}

std::optional<MonotonicTime> Resolver::Implementation::next_deadline() const {
  if (!completed_.empty()) return MonotonicTime{};
  std::optional<MonotonicTime> next;
  const auto at = [&next](MonotonicTime time) { next = next ? std::min(*next, time) : time; };
  if (may_start_name() || may_start_reverse())
    at(window_is_full() ? fresh_.begin()->second + fresh_for : MonotonicTime{});
  if (dns_) {
    if (const auto timeout = dns_->next_timeout()) at(now() + *timeout);
  }
  if (!due_.empty()) at(due_.begin()->first);
  return next;
}

void Resolver::Implementation::receive() {
  std::array<epoll_event, 16> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    const bool is_system = system_ && event.data.fd == system_->fd();
    if (!is_system && dns_) dns_->process(event.data.fd, event.events);
  }
  if (dns_) dns_->expire();
  if (!system_) return;
  for (auto& [job, resolution] : system_->finished()) {
    const auto found = system_jobs_.find(job);
    if (found == system_jobs_.end()) continue;
    complete(found->second, std::move(resolution));
    system_jobs_.erase(found);
  }
}

void Resolver::Implementation::process() {
  receive();
  start_due_watches();
  start_pending();
  run_completed();
}

void Resolver::Implementation::run_completed() {
  // What callbacks complete on their part is for the next call.
  const auto completed = std::exchange(completed_, {});
  for (const auto& callback : completed) callback();
}

// --- Watches ----------------------------------------------------------------------------------------------

WatchId Resolver::Implementation::watch(std::string name, FamilyFilter filter, Callback callback) {
  const WatchId id{next_watch_++};
  Watch watch;
  watch.name = std::move(name);
  watch.filter = filter;
  watch.callback = std::make_shared<Callback>(std::move(callback));
  look_up_watched(id, watch);
  watches_.emplace(static_cast<std::uint64_t>(id), std::move(watch));
  return id;
}

void Resolver::Implementation::unwatch(WatchId id) {
  const auto found = watches_.find(static_cast<std::uint64_t>(id));
  if (found == watches_.end()) return;
  due_.erase({found->second.due, found->first});
  watches_.erase(found);
}

void Resolver::Implementation::look_up_watched(WatchId id, const Watch& watch) {
  submit(watch.name, watch.filter,
         [this, id](Result<Resolution> answer) { watch_answered(id, std::move(answer)); });
}

void Resolver::Implementation::start_due_watches() {
  while (!due_.empty() && due_.begin()->first <= now()) {
    const std::uint64_t id = due_.begin()->second;
    due_.erase(due_.begin());
    look_up_watched(WatchId{id}, watches_.at(id));
  }
}

namespace {

bool contains(const Resolution& resolution, const Address& address) {
  return std::any_of(resolution.addresses.begin(), resolution.addresses.end(),
                     [&](const auto& candidate) { return candidate.address == address; });
}

bool same_set(const Resolution& a, const Resolution& b) {
  return a.addresses.size() == b.addresses.size() &&
         std::all_of(a.addresses.begin(), a.addresses.end(),
                     [&](const auto& candidate) { return contains(b, candidate.address); });
}

}  // namespace

void Resolver::Implementation::watch_answered(WatchId id, Result<Resolution> answer) {
  const auto found = watches_.find(static_cast<std::uint64_t>(id));
  if (found == watches_.end()) return;
  Watch& watch = found->second;
  std::chrono::seconds wait = options_.minimum_ttl;
  bool tell = !watch.told;
  if (answer) {
    wait = std::max(wait, answer->ttl());
    tell = tell || !watch.last_good || !same_set(*answer, *watch.last_good);
    if (watch.last_good) {
      const Address& first = watch.last_good->addresses.front().address;
      const auto place = std::find_if(answer->addresses.begin(), answer->addresses.end(),
                                      [&](const auto& candidate) { return candidate.address == first; });
      if (place != answer->addresses.end()) std::rotate(answer->addresses.begin(), place, place + 1);
    }
    watch.last_good = *answer;
    watch.failures = 0;
  } else {
    wait = std::min(wait * (1 << std::min(watch.failures, 16u)), std::max(wait, options_.maximum_retry));
    ++watch.failures;
  }
  watch.told = true;
  if (wait < forever) {
    watch.due = now() + wait;
    due_.emplace(watch.due, found->first);
  }
  // From here on `watch` may go: the callback may end it.
  const auto callback = watch.callback;
  if (tell) (*callback)(answer);
}

// --- Names of addresses -----------------------------------------------------------------------------------

const Result<std::string>* Resolver::Implementation::cached_name(const Address& address) const {
  const auto found = names_.find(address);
  return found == names_.end() || found->second.expires <= now() ? nullptr : &found->second.name;
}

void Resolver::Implementation::reverse(const Address& address, NameCallback callback) {
  if (const auto* known = cached_name(address)) {
    completed_.emplace_back([callback = std::move(callback), name = *known] { callback(name); });
    return;
  }
  auto& waiting = waiting_for_name_[address];
  waiting.push_back(std::move(callback));
  if (waiting.size() == 1) pending_reverse_.push_back(address);
}

void Resolver::Implementation::start_reverse(const Address& address) {
  if (const std::string* known = hosts_.name_of(address)) return reverse_answered(address, *known);
  const auto channel = dns();
  if (!channel) return reverse_answered(address, std::unexpected(channel.error()));
  ++outstanding_reverse_;
  const std::uint64_t serial = started_one();
  (*channel)->reverse(address, [this, address, serial](Result<std::string> name) {
    --outstanding_reverse_;
    fresh_.erase(serial);
    reverse_answered(address, std::move(name));
  });
}

void Resolver::Implementation::reverse_answered(const Address& address, Result<std::string> name) {
  if (names_.size() >= options_.max_cached_names) {
    std::erase_if(names_, [&](const auto& entry) { return entry.second.expires <= now(); });
    if (names_.size() >= options_.max_cached_names) names_.clear();
  }
  const auto kept_for = name ? options_.name_ttl : options_.name_ttl / 10;
  names_.insert_or_assign(address, CachedName{name, now() + kept_for});
  const auto waiting = waiting_for_name_.extract(address);
  if (waiting.empty()) return;
  for (auto& callback : waiting.mapped()) {
    completed_.emplace_back([callback = std::move(callback), name] { callback(name); });
  }
}

// --- The outside ------------------------------------------------------------------------------------------

Resolver::Resolver(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}
Resolver::Resolver(Resolver&&) noexcept = default;
Resolver& Resolver::operator=(Resolver&&) noexcept = default;
Resolver::~Resolver() = default;

Result<Resolver> Resolver::open(ResolverOptions options) {
  net::FileDescriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll)
    return std::unexpected(Error::from_errno(errno, "cannot open an epoll descriptor", "name lookups"));
  return Resolver(std::make_unique<Implementation>(std::move(options), std::move(epoll)));
}

void Resolver::resolve(std::string name, FamilyFilter filter, Callback callback) {
  implementation_->submit(std::move(name), filter, std::move(callback));
}
WatchId Resolver::watch(std::string name, FamilyFilter filter, Callback callback) {
  return implementation_->watch(std::move(name), filter, std::move(callback));
}
void Resolver::unwatch(WatchId watch) {
  implementation_->unwatch(watch);
}
void Resolver::reverse(const Address& address, NameCallback callback) {
  implementation_->reverse(address, std::move(callback));
}
const Result<std::string>* Resolver::cached_name(const Address& address) const {
  return implementation_->cached_name(address);
}
int Resolver::fd() const {
  return implementation_->fd();
}
std::optional<MonotonicTime> Resolver::next_deadline() const {
  return implementation_->next_deadline();
}
void Resolver::process() {
  implementation_->process();
}
bool Resolver::idle() const {
  return implementation_->idle();
}

}  // namespace sonde::resolve
