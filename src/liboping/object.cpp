// object.cpp: see object.hpp.
#include "liboping/object.hpp"

#include <netdb.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <memory>
#include <span>
#include <system_error>
#include <utility>

#include "net/memory.hpp"
#include "net/permissions.hpp"
#include "net/socket_address.hpp"

namespace {

using sonde::Nanoseconds;

// The probes of a round leave over this time: a thousand at once would queue behind each other, on the way and at the
// answering end, and measure that.
constexpr Nanoseconds longest_spread = std::chrono::milliseconds(10);
constexpr Nanoseconds spread_per_host = std::chrono::microseconds(10);

std::string lower_case(std::string name) {
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

std::string message_of(int code) {
  return code == EAI_SYSTEM ? std::generic_category().message(errno) : std::string(::gai_strerror(code));
}

}  // namespace

pinghost* pinghost::next() const {
  return owner->behind(order);
}

pingobj::pingobj()
    : timeout(std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(PING_DEF_TIMEOUT))) {
  network.ttl = PING_DEF_TTL;
}

pinghost* pingobj::behind(std::uint64_t order) const {
  const auto next = hosts_.upper_bound(order);
  return next == hosts_.end() ? nullptr : next->second.get();
}

bool pingobj::add(const std::string& name) {
  const std::string key = lower_case(name);
  if (by_name_.contains(key)) return true;
  addrinfo wanted{};
  wanted.ai_flags = AI_ADDRCONFIG | AI_CANONNAME;
  wanted.ai_family = family;
  wanted.ai_socktype = SOCK_RAW;
  sonde::net::need_memory();
  addrinfo* list = nullptr;
  if (const int code = ::getaddrinfo(name.c_str(), nullptr, &wanted, &list); code != 0) {
    error = "getaddrinfo: " + message_of(code);
    return false;
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(list, ::freeaddrinfo);
  auto host = std::make_unique<pinghost>();
  host->owner = this;
  host->order = added_++;
  host->user_name = name;
  host->host_name = list->ai_canonname != nullptr ? list->ai_canonname : name;
  host->data = data;
  // Of several addresses the last, as liboping has it.
  bool found = false;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    const auto address = sonde::net::SocketAddress::from(entry->ai_addr, entry->ai_addrlen);
    if (!address) continue;
    host->address = address->address();
    found = true;
  }
  if (!found) {
    error = "getaddrinfo: No hosts returned";
    return false;
  }
  const std::uint64_t order = host->order;
  hosts_.emplace(order, std::move(host));
  try {
    by_name_.emplace(key, order);
  } catch (...) {
    hosts_.erase(order);
    throw;
  }
  return true;
}

bool pingobj::remove(const std::string& name) {
  const auto known = by_name_.find(lower_case(name));
  if (known == by_name_.end()) {
    error = "ping_host_remove: Host not found";
    return false;
  }
  const auto host = hosts_.find(known->second);
  removed_.push_back(std::move(host->second));
  hosts_.erase(host);
  by_name_.erase(known);
  return true;
}

bool pingobj::open_session() {
  if (session_) return true;
  sonde::SessionOptions options;
  options.transport = way_;
  options.compact_figures = true;
  auto opened = sonde::Session::open(options, [this](const sonde::Event& event) { take(event); });
  if (!opened) {
    error = opened.error().message();
    return false;
  }
  session_.emplace(std::move(*opened));
  return true;
}

sonde::TargetOptions pingobj::target_options(const pinghost& host) const {
  sonde::TargetOptions options;
  options.max_probes = 1;
  options.timeout = std::max<Nanoseconds>(timeout, std::chrono::milliseconds(1));
  options.payload_bytes = static_cast<std::uint16_t>(std::min<std::size_t>(host.data.size(), 65'507));
  // What stands behind the token.
  constexpr std::size_t token_bytes = 8;
  if (host.data.size() > token_bytes) {
    const auto behind = std::as_bytes(std::span(host.data)).subspan(token_bytes);
    options.pattern.assign(behind.begin(), behind.end());
  }
  options.network = network;
  options.network.transport = way_;
  return options;
}

// Whoever may not open ping sockets may still have the capability for raw ones. Nothing but echoes is sent either way.
bool pingobj::ask(pinghost& host, Nanoseconds phase) {
  sonde::TargetOptions options = target_options(host);
  options.phase = phase;
  auto added = session_->add(host.address, options);
  const bool closed = !added && added.error().code == sonde::ErrorCode::permission_denied;
  if (closed && way_ == sonde::TransportKind::icmp_datagram) {
    const int datagram_errno = added.error().system_errno;
    options.network.transport = sonde::TransportKind::icmp_raw;
    added = session_->add(host.address, options);
    if (added) {
      way_ = sonde::TransportKind::icmp_raw;
    } else if (added.error().code == sonde::ErrorCode::permission_denied) {
      added = std::unexpected(sonde::net::explain_icmp_refusal(host.address.family(), datagram_errno,
                                                               added.error().system_errno));
    }
  }
  if (!added) {
    error = added.error().message();
    return false;
  }
  asked_.emplace(static_cast<std::uint64_t>(*added), &host);
  return true;
}

int pingobj::send() {
  removed_.clear();
  if (hosts_.empty()) {
    error = "ping_send: No hosts to ping";
    return -1;
  }
  if (!open_session()) return -1;
  answered_ = unsent_ = 0;
  const auto hosts = static_cast<std::int64_t>(hosts_.size());
  const Nanoseconds spread = std::min({spread_per_host * hosts, longest_spread, timeout / 10});
  std::int64_t place = 0;
  bool all_asked = true;
  for (const auto& [order, host] : hosts_) {
    host->latency_ms = -1;
    host->received_ttl = -1;
    if (all_asked) all_asked = ask(*host, spread * place++ / hosts);
  }
  while (all_asked && !session_->done()) {
    if (auto ran = session_->run_until(std::nullopt); !ran) {
      error = ran.error().message();
      all_asked = false;
    }
  }
  for (const auto& [target, host] : std::exchange(asked_, {})) {
    const auto figures = session_->remove(sonde::TargetId{target});
    if (figures) host->sequence += static_cast<unsigned>(figures->sent);
    if (all_asked && host->latency_ms < 0) ++host->dropped;
  }
  if (!all_asked) return -1;
  return unsent_ > 0 ? -unsent_ : answered_;
}

void pingobj::take(const sonde::Event& event) {
  const auto asked = asked_.find(static_cast<std::uint64_t>(event.target));
  if (!event.has_target || asked == asked_.end()) return;
  pinghost& host = *asked->second;
  // Without a route to it, or a carrier, a host is as silent as it is without an answer, in liboping's eyes.
  const bool no_route = event.system_errno == EHOSTUNREACH || event.system_errno == ENETUNREACH ||
                        event.system_errno == ENETDOWN;
  if (event.kind == sonde::EventKind::local && !no_route) {
    ++unsent_;
    error = "sendto: " + std::generic_category().message(event.system_errno);
  }
  if (event.kind != sonde::EventKind::reply || !event.rtt) return;
  ++answered_;
  host.latency_ms = std::chrono::duration<double, std::milli>(*event.rtt).count();
  host.received_ttl = event.ttl ? *event.ttl : -1;
  host.received_qos = event.tos.value_or(0);
}
