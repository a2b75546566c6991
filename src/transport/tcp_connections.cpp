// tcp_connections.cpp: see tcp_connections.hpp.
#include "transport/tcp_connections.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <span>
#include <utility>

#include "net/control_message.hpp"
#include "net/permissions.hpp"
#include "net/socket_options.hpp"
#include "wire/extensions.hpp"
#include "wire/icmp.hpp"
#include "wire/ip.hpp"

namespace sonde::transport {

namespace {

// The kernel sends a SYN again after one second (RFC 6298); a timer and this process may be late themselves.
constexpr Nanoseconds attempt_lasts = std::chrono::milliseconds(950);

// Tried in turn while an address is silent.
constexpr std::array<std::uint16_t, 2> usual_ports{443, 80};

constexpr std::uint64_t timer_event = UINT64_MAX;

// The kernel hands out the lowest that is free, so those from here on are only reached when few are left.
int first_spare_descriptor() {
  constexpr rlim_t spare = 16, most = 1 << 20;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return static_cast<int>(most);
  return static_cast<int>(std::min(most, std::max<rlim_t>(limit.rlim_cur, 2 * spare) - spare));
}

constexpr std::size_t events_at_once = 64;

// Answers told in one call of receive(): while the caller deals with them, nobody notices others.
constexpr std::size_t answers_at_once = 16;

std::uint64_t event_of(std::uint32_t place, std::uint32_t use) {
  return std::uint64_t{use} << 32 | place;
}

Result<void> set_flag(int descriptor, int level, int option) {
  const int on = 1;
  if (::setsockopt(descriptor, level, option, &on, sizeof on) == 0) return {};
  return std::unexpected(Error::from_errno(errno, "cannot set up a TCP socket"));
}

}  // namespace

Result<std::unique_ptr<TcpConnections>> TcpConnections::open(Family family, const TransportOptions& options) {
  std::unique_ptr<TcpConnections> connections(new TcpConnections(family, options));
  if (!connections->events_ || !connections->timer_) {
    return std::unexpected(Error::from_errno(errno, "cannot create a descriptor to wait on", {},
                                             "`ulimit -n` says how many there may be"));
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = timer_event;
  if (::epoll_ctl(connections->events_.get(), EPOLL_CTL_ADD, connections->timer_.get(), &event) != 0)
    return std::unexpected(Error::from_errno(errno, "cannot wait on a timer"));
  // What is wrong with the options is told now, not probe by probe.
  if (auto tried = connections->make_socket(); !tried) return std::unexpected(tried.error());
  return connections;
}

TcpConnections::TcpConnections(Family family, const TransportOptions& options)
    : family_(family),
      network_(options.network),
      clock_(options.clock == ClockChoice::user ? RttClock::user : RttClock::kernel),
      clock_source_(options.clock_source),
      first_spare_descriptor_(first_spare_descriptor()),
      events_(::epoll_create1(EPOLL_CLOEXEC)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {}

std::size_t TcpConnections::receive_capacity() const {
  return numbers_at_once();  // answers wait in the connections themselves
}

// --- sending ----------------------------------------------------------------------------------------------

Result<void> TcpConnections::admit(const PacketOptions& packet) {
  return net::check_packet_options(family_, packet);
}

Result<net::FileDescriptor> TcpConnections::make_socket(const PacketOptions& packet) const {
  constexpr int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  net::FileDescriptor descriptor(::socket(net::address_family(family_), type, IPPROTO_TCP));
  if (!descriptor) {
    return std::unexpected(
        Error::from_errno(errno, "cannot open a TCP socket", std::string(to_string(family_))));
  }
  const int fd = descriptor.get();
  const linger reset_on_close{1, 0};
  if (::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset_on_close, sizeof reset_on_close) != 0)
    return std::unexpected(Error::from_errno(errno, "cannot set up a TCP socket"));
  const bool ipv4 = family_ == Family::ipv4;
  if (auto set = set_flag(fd, ipv4 ? IPPROTO_IP : IPPROTO_IPV6, ipv4 ? IP_RECVERR : IPV6_RECVERR); !set)
    return std::unexpected(set.error());
  // Of an ICMP error: its own TTL and TOS.
  if (auto set = set_flag(fd, ipv4 ? IPPROTO_IP : IPPROTO_IPV6, ipv4 ? IP_RECVTTL : IPV6_RECVHOPLIMIT); !set)
    return std::unexpected(set.error());
  if (auto set = set_flag(fd, ipv4 ? IPPROTO_IP : IPPROTO_IPV6, ipv4 ? IP_RECVTOS : IPV6_RECVTCLASS); !set)
    return std::unexpected(set.error());
  // With a source address the port is chosen when it is known whereto: thousands may share one.
  if (network_.source) {
    if (auto set = set_flag(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT); !set)
      return std::unexpected(set.error());
  }
  if (auto applied = net::apply_network_options(fd, family_, network_); !applied)
    return std::unexpected(applied.error());
  if (auto applied = net::apply_packet_options(fd, family_, packet); !applied)
    return std::unexpected(applied.error());
  return descriptor;
}

std::uint16_t TcpConnections::port_for(const Address& to) const {
  if (network_.tcp_port != 0) return network_.tcp_port;
  const auto other = other_port_.find(to);
  return usual_ports[other == other_port_.end() ? 0 : other->second];
}

std::uint32_t TcpConnections::take_place() {
  if (free_.empty()) {
    connections_.emplace_back();
    return static_cast<std::uint32_t>(connections_.size() - 1);
  }
  const std::uint32_t place = free_.back();
  free_.pop_back();
  return place;
}

void TcpConnections::release(std::uint32_t place) {
  connections_[place].descriptor.reset();
  ++connections_[place].use;
  free_.push_back(place);
}

int TcpConnections::connect(Departure& departure) {
  auto descriptor = make_socket(departure.packet);
  if (!descriptor) return descriptor.error().system_errno != 0 ? descriptor.error().system_errno : EINVAL;
  if (descriptor->get() >= first_spare_descriptor_) return EMFILE;
  const std::uint32_t place = take_place();
  Connection& connection = connections_[place];
  connection.descriptor = std::move(*descriptor);
  connection.number = departure.number;
  connection.to = departure.to.address();
  net::SocketAddress to = departure.to;
  to.set_port(port_for(connection.to));
  departure.call_began = departure.call_ended = departure.sent_at = clock_source_->monotonic();
  const int done = ::connect(connection.descriptor.get(), to.data(), to.size());
  const int system_errno = done == 0 ? 0 : errno;
  if (system_errno != 0 && system_errno != EINPROGRESS && system_errno != ECONNREFUSED) {
    release(place);
    return system_errno;
  }
  connection.refused_at_once = system_errno == ECONNREFUSED ? system_errno : 0;
  connection.noticed_at.reset();
  epoll_event event{};
  event.events = EPOLLOUT | EPOLLONESHOT;
  event.data.u64 = event_of(place, connection.use);
  if (::epoll_ctl(events_.get(), EPOLL_CTL_ADD, connection.descriptor.get(), &event) != 0) {
    const int watch_errno = errno;
    release(place);
    return watch_errno;
  }
  deadlines_.push_back({clock_source_->monotonic() + attempt_lasts, place, connection.use});
  return 0;
}

std::size_t TcpConnections::send(std::span<Departure> departures) {
  // The one option that needs a capability; elsewhere it is set once, here on every socket.
  std::optional<net::RaisedCapability> raised;
  if (network_.mark) raised.emplace({net::Capability::net_raw, net::Capability::net_admin});
  std::size_t decided = 0;
  for (Departure& departure : departures) {
    departure.call_began = departure.call_ended = departure.sent_at = clock_source_->monotonic();
    departure.system_errno = connect(departure);
    const bool no_descriptor = departure.system_errno == EMFILE || departure.system_errno == ENFILE;
    // One is free again as soon as an attempt ends.
    if (no_descriptor && under_way() > 0) break;
    ++decided;
    notice();
  }
  arm_timer();
  return decided;
}

// --- receiving --------------------------------------------------------------------------------------------

bool TcpConnections::receive(ReceiveBatch& batch) {
  quotes_.clear();
  // Taken before it is looked what has ended, however long that takes: what has is not overdue.
  const MonotonicTime began = clock_source_->monotonic();
  notice();
  for (std::size_t told = 0; told < answers_at_once && !ended_.empty(); ++told) {
    tell(ended_.front(), batch);
    ended_.pop_front();
    notice();
  }
  give_up_overdue(began);
  arm_timer();
  return !ended_.empty();
}

// Nothing but the clock tells when a reset came, so this is called after everything that takes a while.
void TcpConnections::notice() {
  // Each is told once, so that this ends.
  while (notice_some() == events_at_once) {
  }
}

std::size_t TcpConnections::notice_some() {
  std::array<epoll_event, events_at_once> ready;
  const int count = ::epoll_wait(events_.get(), ready.data(), static_cast<int>(ready.size()), 0);
  if (count <= 0) return 0;
  const MonotonicTime now = clock_source_->monotonic();
  for (int i = 0; i < count; ++i) {
    const std::uint64_t event = ready[static_cast<std::size_t>(i)].data.u64;
    if (event == timer_event) {
      std::uint64_t expirations = 0;
      [[maybe_unused]] const auto got = ::read(timer_.get(), &expirations, sizeof expirations);
      armed_for_ = MonotonicTime::max();
      continue;
    }
    const auto place = static_cast<std::uint32_t>(event);
    Connection& connection = connections_[place];
    if (connection.use != static_cast<std::uint32_t>(event >> 32)) continue;
    connection.noticed_at = now;
    ended_.push_back(place);
  }
  return static_cast<std::size_t>(count);
}

void TcpConnections::tell(std::uint32_t place, ReceiveBatch& batch) {
  const Connection& connection = connections_[place];
  const int system_errno = connection.refused_at_once != 0
                               ? connection.refused_at_once
                               : net::take_pending_error(connection.descriptor.get());
  describe(connection, system_errno, batch);
  release(place);
}

void TcpConnections::describe(const Connection& connection, int system_errno, ReceiveBatch& batch) {
  Arrival& arrival = batch.arrivals.emplace_back();
  arrival.received_at = *connection.noticed_at;
  arrival.proof = Proof::connection;
  arrival.from = connection.to;
  arrival.message.kind = wire::IcmpKind::echo_reply;
  arrival.message.sequence = static_cast<std::uint16_t>(connection.number);
  if (system_errno == 0) {
    if (!describe_acceptance(connection, arrival)) batch.arrivals.pop_back();
    return;
  }
  // A port unreachable and a reset leave the same errno; only the former is in the error queue too.
  if (describe_icmp_error(connection, arrival)) return;
  if (system_errno == ECONNREFUSED || system_errno == ECONNRESET) {
    arrival.refused = true;
  } else {
    batch.arrivals.pop_back();  // a firewall's doing on this host, or the kernel gave up: no answer came
  }
}

bool TcpConnections::describe_acceptance(const Connection& connection, Arrival& arrival) const {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (::getsockopt(connection.descriptor.get(), IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return true;
  if (info.tcpi_total_retrans > 0) return false;
  if (clock_ == RttClock::kernel && info.tcpi_rtt > 0) arrival.rtt = std::chrono::microseconds(info.tcpi_rtt);
  return true;
}

bool TcpConnections::describe_icmp_error(const Connection& connection, Arrival& arrival) {
  std::array<std::byte, net::receive_control_bytes> control{};
  std::array<std::byte, 1024> bytes;  // more than any router quotes, with its extensions
  iovec vector{bytes.data(), bytes.size()};
  net::SocketAddress name;
  msghdr header{};
  header.msg_name = name.data();
  header.msg_namelen = net::SocketAddress::capacity();
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t count = ::recvmsg(connection.descriptor.get(), &header, MSG_ERRQUEUE | MSG_DONTWAIT);
  if (count < 0) return false;
  const net::ReceivedControl received = net::read_control(header);
  const auto& error = received.error;
  if (!error || !error->is_icmp()) return false;
  wire::IcmpMessage& message = arrival.message;
  message.kind = wire::IcmpKind::error;
  message.type = error->type;
  message.code = error->code;
  message.reason = wire::classify(family_, message.type, message.code);
  arrival.from = error->offender;
  arrival.ttl = received.ttl;
  arrival.tos = received.tos;
  arrival.probed = connection.to;
  wire::QuotedProbe& quoted = message.quoted.emplace();
  quoted.family = family_;
  quoted.destination = connection.to;
  quoted.sequence = arrival.message.sequence;
  quoted.asks = ProbeMessage::echo;
  const auto quote = std::span(bytes).first(static_cast<std::size_t>(count));
  message.quote = quotes_.emplace_back(quote.begin(), quote.end());
  message.extensions = wire::extensions_behind(message.quote, wire::ip_header_bytes(family_));
  message.label_stack = wire::mpls_label_stack(message.extensions);
  return true;
}

// --- giving up --------------------------------------------------------------------------------------------

void TcpConnections::give_up_overdue(MonotonicTime now) {
  while (!deadlines_.empty() && deadlines_.front().at <= now) {
    const Deadline overdue = deadlines_.front();
    deadlines_.pop_front();
    Connection& connection = connections_[overdue.place];
    if (connection.use != overdue.use || connection.noticed_at) continue;
    if (network_.tcp_port == 0) {
      std::size_t& next = other_port_[connection.to];
      next = (next + 1) % usual_ports.size();
    }
    release(overdue.place);
  }
  // Those that were answered are forgotten as soon as nobody older waits.
  while (!deadlines_.empty() && connections_[deadlines_.front().place].use != deadlines_.front().use)
    deadlines_.pop_front();
}

// For the oldest attempt's end; at once where there is something to tell, since what was noticed makes fd() readable no more.
void TcpConnections::arm_timer() {
  if (ended_.empty() && deadlines_.empty()) return;
  const MonotonicTime wanted = ended_.empty() ? deadlines_.front().at : MonotonicTime(Nanoseconds(1));
  if (wanted >= armed_for_) return;
  const auto at = wanted.time_since_epoch().count();
  itimerspec when{};
  when.it_value.tv_sec = static_cast<time_t>(at / 1'000'000'000);
  when.it_value.tv_nsec = static_cast<long>(at % 1'000'000'000);
  if (::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr) == 0) armed_for_ = wanted;
}

}  // namespace sonde::transport
