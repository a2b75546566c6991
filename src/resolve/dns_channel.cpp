// dns_channel.cpp: c-ares 1.18's interface, kept in one place.
#include "resolve/dns_channel.hpp"

#include <ares.h>
#include <netdb.h>
#include <sys/epoll.h>
#include <sys/time.h>

#include <cerrno>
#include <climits>
#include <memory>
#include <new>
#include <utility>

#include "net/socket_address.hpp"

namespace sonde::resolve {
namespace {

Error dns_error(int status, const std::string& subject, FamilyFilter filter = FamilyFilter::any) {
  const auto error = [&](ErrorCode code, std::string what, std::string hint = {}) {
    return Error{.code = code,
                 .system_errno = 0,
                 .what = std::move(what),
                 .subject = subject,
                 .hint = std::move(hint)};
  };
  switch (status) {
    case ARES_ENOTFOUND:
    case ARES_ENONAME:
      return error(ErrorCode::not_found, "no such name (NXDOMAIN)");
    case ARES_ENODATA:
      return no_address(subject, filter);
    case ARES_EBADNAME:
      return error(ErrorCode::not_found, "not a possible name");
    case ARES_ESERVFAIL:
      return error(ErrorCode::unavailable, "name server failed (SERVFAIL)");
    case ARES_EREFUSED:
      return error(ErrorCode::unavailable, "name server refused to answer (REFUSED)");
    case ARES_ETIMEOUT:
      return error(ErrorCode::unavailable, "no answer from any name server (timeout)",
                   "check the servers in /etc/resolv.conf");
    case ARES_ENOMEM:
      return error(ErrorCode::resource_limit, "out of memory");
    case ARES_ECONNREFUSED:
      return error(ErrorCode::unavailable, "no name server answered (all failed, refused or are not running)",
                   "check the servers in /etc/resolv.conf");
    default:
      return error(ErrorCode::unavailable, std::string("name lookup failed (") + ares_strerror(status) + ")");
  }
}

struct Lookup {
  std::string name;
  FamilyFilter filter = FamilyFilter::any;
  std::function<void(Result<Resolution>)> callback;
  DnsChannel::Way& way;
};

struct Reverse {
  Address address;
  std::function<void(Result<std::string>)> callback;
  DnsChannel::Way& way;
};

// An address holds no longer than the aliases that led to it.
Resolution to_resolution(const ares_addrinfo& info, const std::string& name) {
  Resolution resolution;
  resolution.canonical_name = info.name != nullptr ? info.name : name;
  int alias_ttl = INT_MAX;
  for (const ares_addrinfo_cname* alias = info.cnames; alias != nullptr; alias = alias->next) {
    alias_ttl = std::min(alias_ttl, alias->ttl);
    if (alias->name != nullptr) resolution.canonical_name = alias->name;
  }
  for (const ares_addrinfo_node* node = info.nodes; node != nullptr; node = node->ai_next) {
    const auto address = net::SocketAddress::from(node->ai_addr, node->ai_addrlen);
    const std::chrono::seconds ttl(std::max(0, std::min(node->ai_ttl, alias_ttl)));
    if (address) resolution.addresses.push_back({address->address(), ttl});
  }
  return resolution;
}

// c-ares would call again for what it had not put away. What is thrown waits until it is left.
template <typename Callback, typename Answer>
void tell(DnsChannel::Way& way, const Callback& callback, Answer answer) {
  try {
    callback(answer());
  } catch (const std::bad_alloc&) {
    way.out_of_memory = true;
  }
}

void lookup_finished(void* argument, int status, int /*timeouts*/, ares_addrinfo* info) {
  const std::unique_ptr<Lookup> lookup(static_cast<Lookup*>(argument));
  const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owner(info, &ares_freeaddrinfo);
  if (lookup->way.closing) return;
  tell(lookup->way, lookup->callback, [&]() -> Result<Resolution> {
    if (status != ARES_SUCCESS || info == nullptr)
      return std::unexpected(dns_error(status, lookup->name, lookup->filter));
    return filtered(to_resolution(*info, lookup->name), lookup->name, lookup->filter);
  });
}

void reverse_finished(void* argument, int status, int /*timeouts*/, hostent* host) {
  const std::unique_ptr<Reverse> reverse(static_cast<Reverse*>(argument));
  if (reverse->way.closing) return;
  tell(reverse->way, reverse->callback, [&]() -> Result<std::string> {
    if (status != ARES_SUCCESS || host == nullptr || host->h_name == nullptr)
      return std::unexpected(dns_error(status, reverse->address.to_string()));
    return std::string(host->h_name);
  });
}

}  // namespace

int DnsChannel::initialize(const DnsOptions& options, int flags) {
  std::string lookups = "b", resolv_conf = options.resolv_conf;  // "b": DNS only
  ares_options settings{};
  settings.flags = flags | (options.search ? 0 : ARES_FLAG_NOSEARCH);
  settings.timeout = static_cast<int>(options.query_timeout.count());
  settings.tries = options.tries;
  settings.udp_port = options.port;
  settings.tcp_port = options.port;
  settings.lookups = lookups.data();
  settings.resolvconf_path = resolv_conf.data();
  settings.sock_state_cb = &DnsChannel::socket_changed;
  settings.sock_state_cb_data = this;
  const int status = ares_init_options(&channel_, &settings,
                                       ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                                           ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT | ARES_OPT_LOOKUPS |
                                           ARES_OPT_RESOLVCONF | ARES_OPT_SOCK_STATE_CB);
  if (status != ARES_SUCCESS || options.servers.empty()) return status;
  return ares_set_servers_ports_csv(channel_, options.servers.c_str());
}

bool DnsChannel::has_one_server() const {
  ares_addr_port_node* servers = nullptr;
  if (ares_get_servers_ports(channel_, &servers) != ARES_SUCCESS || servers == nullptr) return false;
  const std::unique_ptr<ares_addr_port_node, decltype(&ares_free_data)> owner(servers, &ares_free_data);
  return servers->next == nullptr;
}

Result<void> DnsChannel::open(const DnsOptions& options) {
  int status = initialize(options, 0);
  // c-ares takes SERVFAIL and REFUSED as a reason to try the next server, and forgets what it was when there
  // is none. With one server it is told to hand on what the server said.
  if (status == ARES_SUCCESS && has_one_server()) {
    ares_destroy(std::exchange(channel_, nullptr));
    status = initialize(options, ARES_FLAG_NOCHECKRESP);
  }
  if (status != ARES_SUCCESS) return std::unexpected(dns_error(status, "name servers"));
  return {};
}

DnsChannel::~DnsChannel() {
  // Its status does not tell: with one of two answers there, c-ares ends a look-up as a success even now.
  way_.closing = true;
  if (channel_ != nullptr) ares_destroy(channel_);
}

void DnsChannel::socket_changed(void* self, int descriptor, int readable, int writable) {
  const int epoll = static_cast<DnsChannel*>(self)->epoll_;
  epoll_event event{};
  event.events = (readable != 0 ? EPOLLIN : 0u) | (writable != 0 ? EPOLLOUT : 0u);
  event.data.fd = descriptor;
  if (event.events == 0) {
    ::epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nullptr);
  } else if (::epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event) != 0 && errno == ENOENT) {
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
  }
}

void DnsChannel::lookup(const std::string& name, FamilyFilter filter,
                        std::function<void(Result<Resolution>)> callback) {
  ares_addrinfo_hints hints{};
  hints.ai_flags = ARES_AI_CANONNAME;
  hints.ai_family = filter == FamilyFilter::any    ? AF_UNSPEC
                    : filter == FamilyFilter::ipv4 ? AF_INET
                                                   : AF_INET6;
  hints.ai_socktype = SOCK_DGRAM;
  auto lookup = std::make_unique<Lookup>(Lookup{name, filter, std::move(callback), way_});
  ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, &lookup_finished, lookup.release());
  throw_what_waits();
}

void DnsChannel::reverse(const Address& address, std::function<void(Result<std::string>)> callback) {
  auto reverse = std::make_unique<Reverse>(Reverse{address, std::move(callback), way_});
  const auto bytes = address.bytes();
  ares_gethostbyaddr(channel_, bytes.data(), static_cast<int>(bytes.size()),
                     net::address_family(address.family()), &reverse_finished, reverse.release());
  throw_what_waits();
}

void DnsChannel::process(int descriptor, std::uint32_t epoll_events) {
  // An error condition is found by reading or writing.
  const bool broken = (epoll_events & (EPOLLERR | EPOLLHUP)) != 0;
  ares_process_fd(channel_, broken || (epoll_events & EPOLLIN) != 0 ? descriptor : ARES_SOCKET_BAD,
                  broken || (epoll_events & EPOLLOUT) != 0 ? descriptor : ARES_SOCKET_BAD);
  throw_what_waits();
}

void DnsChannel::expire() {
  ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  throw_what_waits();
}

void DnsChannel::throw_what_waits() {
  if (std::exchange(way_.out_of_memory, false)) throw std::bad_alloc();
}

std::optional<Nanoseconds> DnsChannel::next_timeout() const {
  timeval left{};
  if (ares_timeout(channel_, nullptr, &left) == nullptr) return std::nullopt;
  // c-ares cuts to whole milliseconds; a call that comes too early would only be repeated.
  return std::chrono::milliseconds(1) + std::chrono::seconds(left.tv_sec) +
         std::chrono::microseconds(left.tv_usec);
}

}  // namespace sonde::resolve
