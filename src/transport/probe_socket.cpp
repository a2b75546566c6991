// probe_socket.cpp: setting up and sending; receiving is in probe_socket_receive.cpp.
#include "transport/probe_socket.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <tuple>
#include <utility>

#include "net/interfaces.hpp"
#include "net/socket_options.hpp"

namespace sonde::transport {

namespace {

// A reply and its stamp charge this much of the receive buffer (measured: 112 of them fill 212,992 bytes).
constexpr std::size_t charge_per_answer = 1900;

// Whether an ICMP error may have left this errno pending on the socket (the kernel's icmp_err_convert and its IPv6
// counterpart). A firewall's EPERM or a full queue's ENOBUFS never is.
bool may_be_pending(int system_errno) {
  switch (system_errno) {
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENOPROTOOPT:
    case ECONNREFUSED:
    case EMSGSIZE:
    case EOPNOTSUPP:
    case ENONET:
    case EHOSTDOWN:
    case EACCES:
    case EPROTO:
    case EREMOTEIO:
      return true;
    default:
      return false;
  }
}

// A message that any path takes whole: links with an MTU below 296 (RFC 1144's serial lines) are not to be found.
constexpr std::size_t most_unfragmented_bytes = 256;

// A send that is refused so often in a row without any ICMP error to explain it is refused by this host. Twice is enough on a
// socket that no error came to. Where errors come, one may have been read off the queue just before the kernel made it
// pending: the kernel does the one first, then the other.
constexpr int refusals_that_prove = 8;
constexpr int refusals_that_prove_without_errors = 2;
// With errors coming all the time, one send may be tried so often within a call. Then its turn comes again with the next.
constexpr int most_tries_in_a_call = 1000;
// An error that finds the receive buffer full is pending all the same, and leaves no trace. Until the buffer has been read a
// refusal is not decided; so many calls in a row may end like that.
constexpr int most_undecided_calls = 64;

// Whether this device, or any where none is named, stamps all that it sends and receives.
bool some_device_stamps(const std::string& interface) {
  const auto stamps = [](const std::string& name) {
    const auto device = net::device_timestamping(name);
    return device && device->transmit_hardware && device->receive_hardware_all;
  };
  if (!interface.empty()) return stamps(interface);
  const auto interfaces = net::list_interfaces();
  return interfaces && std::ranges::any_of(*interfaces, stamps, &net::Interface::name);
}

}  // namespace

ProbeSocket::ProbeSocket(net::FileDescriptor descriptor, Family family, TransportKind kind,
                         const TransportOptions& options)
    : descriptor_(std::move(descriptor)),
      family_(family),
      kind_(kind),
      clock_source_(options.clock_source),
      options_by_message_(options.options_by_message ? std::nullopt : std::optional(false)),
      usual_packet_(static_cast<const PacketOptions&>(options.network)),
      packet_set_(usual_packet_),
      buffers_(options.buffers ? options.buffers : std::make_shared_for_overwrite<ReceiveBuffers>()) {}

Result<void> ProbeSocket::bind_anywhere(const TransportOptions& options) {
  if (!options.network.source && !options.network.identifier) {
    const auto any = net::SocketAddress::from(Address::any(family_));
    if (::bind(fd(), any.data(), any.size()) != 0) {
      return std::unexpected(Error::from_errno(errno, "cannot get an identifier of our own"));
    }
  }
  const auto bound = net::SocketAddress::of_socket(fd());
  if (!bound) return std::unexpected(bound.error());
  identifier_ = bound->port();
  return {};
}

Result<void> ProbeSocket::configure_receiving(const TransportOptions& options) {
  const net::ReceiveOptions wanted{
      .ttl = options.headers, .tos = options.headers, .ip_options = options.headers};
  if (auto done = net::enable_receive_control(fd(), family_, wanted); !done) return done;
  const auto buffer = net::set_receive_buffer(fd(), options.receive_buffer_bytes);
  if (!buffer) return std::unexpected(buffer.error());
  receive_capacity_ = static_cast<std::size_t>(*buffer) / charge_per_answer;
  return configure_stamps(options);
}

Result<void> ProbeSocket::configure_stamps(const TransportOptions& options) {
  if (options.clock == ClockChoice::user) return {};
  sampled_ = options.sampled_stamps;
  stamping_.transmit = !sampled_;
  stamping_.transmit_on_request = sampled_;
  stamping_.scheduled = options.scheduler_stamps;
  stamping_.receive = true;
  stamping_.number_sends = true;
  stamping_.hardware = options.clock == ClockChoice::hardware;
  if (stamping_.hardware && !some_device_stamps(options.network.interface)) {
    return std::unexpected(Error{ErrorCode::unavailable, 0,
                                 options.network.interface.empty()
                                     ? "no device takes hardware stamps of every packet"
                                     : "the device takes no hardware stamps of every packet",
                                 options.network.interface, "use --clock kernel"});
  }
  if (auto done = net::enable_timestamping(fd(), stamping_); !done) {
    if (options.clock != ClockChoice::automatic) return done;
    return {};  // the user clock it is
  }
  clock_ = stamping_.hardware ? RttClock::hardware : RttClock::kernel;
  own_numbers_ = options.own_send_numbers && net::kernel_takes_send_numbers();
  if (!own_numbers_) kernel_numbers_.resize(65'536);
  return {};
}

void ProbeSocket::leave_identifications_out(const TransportOptions& options) {
  if (family_ != Family::ipv4 || options.network.path_mtu != PathMtu::system) return;
  const auto before = net::path_mtu_discovery(fd());
  if (before && net::set_path_mtu_discovery(fd(), IP_PMTUDISC_PROBE)) path_mtu_before_ = *before;
}

Result<void> ProbeSocket::admit(const PacketOptions& packet) {
  if (auto checked = net::check_packet_options(family_, packet); !checked) return checked;
  return packet.flow_label ? net::enable_flow_label(fd(), *packet.flow_label) : Result<void>{};
}

void ProbeSocket::expect_messages_of(std::size_t bytes) {
  if (bytes > most_unfragmented_bytes && path_mtu_before_)
    std::ignore = net::set_path_mtu_discovery(fd(), *std::exchange(path_mtu_before_, std::nullopt));
  constexpr std::size_t ip_header = 60, appended = 64;  // what may come on top of what was sent
  buffers_->answers.make_room(bytes + ip_header + appended);
}

std::uint64_t ProbeSocket::receive_drops() {
  if (const auto drops = net::receive_drops(fd())) {
    drops_ += *drops - last_drops_;  // the kernel's counter wraps at 32 bits
    last_drops_ = *drops;
  }
  return drops_;
}

// --- sending ----------------------------------------------------------------------------------------------

void ProbeSocket::prepare(std::size_t place, Departure& departure) {
  const auto bytes = compose(departure);
  send_vectors_[place] = {bytes.data(), bytes.size()};
  msghdr& header = send_headers_[place].msg_hdr;
  header.msg_name = departure.to.data();
  header.msg_namelen = departure.to.size();
  header.msg_iov = &send_vectors_[place];
  header.msg_iovlen = 1;
  SendControl& control = send_controls_[place];
  control.clear();
  if (clock_ != RttClock::user) {
    if (own_numbers_) control.add_send_number(departure.number);
    if (sampled_ && departure.stamp) control.add_stamp_request();
  }
  if (options_by_message_.value_or(false)) {
    if (departure.packet.ttl) control.add_ttl(family_, *departure.packet.ttl);
    if (departure.packet.tos) control.add_tos(family_, *departure.packet.tos);
  }
  control.attach(header);
}

void ProbeSocket::note_sent(const Departure& departure) {
  if (own_numbers_ || kernel_numbers_.empty() || (sampled_ && !departure.stamp)) return;
  kernel_numbers_[kernel_next_++ % kernel_numbers_.size()] = departure.number;
}

std::size_t ProbeSocket::send(std::span<Departure> departures) {
  const auto has_options = [](const Departure& departure) {
    return departure.packet.ttl || departure.packet.tos;
  };
  // The kernel is asked when the first probe needs to know.
  if (!options_by_message_ && std::ranges::any_of(departures, has_options))
    options_by_message_ =
        net::takes_packet_options_by_message(family_, kind_ == TransportKind::icmp_datagram);
  return options_by_message_.value_or(true) ? send_batch(departures) : send_by_runs(departures);
}

std::size_t ProbeSocket::send_by_runs(std::span<Departure> departures) {
  const auto wanted = [this](const Departure& departure) {
    const PacketOptions& own = departure.packet;
    return PacketOptions{.ttl = own.ttl ? own.ttl : usual_packet_.ttl,
                         .tos = own.tos ? own.tos : usual_packet_.tos};
  };
  std::size_t decided = 0;
  while (decided < departures.size()) {
    const auto rest = departures.subspan(decided);
    const PacketOptions packet = wanted(rest.front());
    const auto end =
        std::ranges::find_if(rest, [&](const Departure& next) { return wanted(next) != packet; });
    const auto run = rest.first(static_cast<std::size_t>(end - rest.begin()));
    if (packet != packet_set_) {
      // Values that the kernel refuses were refused by admit().
      if (!net::replace_packet_options(fd(), family_, packet)) break;
      packet_set_ = packet;
    }
    const std::size_t sent = send_batch(run);
    decided += sent;
    if (sent < run.size()) break;
  }
  return decided;
}

std::size_t ProbeSocket::send_batch(std::span<Departure> departures) {
  for (std::size_t i = 0; i < departures.size(); ++i) prepare(i, departures[i]);
  local_mtu_.reset();
  std::size_t decided = 0;
  Refusal refusal;
  while (decided < departures.size()) {
    const auto count = static_cast<unsigned>(departures.size() - decided);
    const MonotonicTime began = clock_source_->monotonic();
    const int taken = ::sendmmsg(fd(), &send_headers_[decided], count, MSG_DONTWAIT);
    const int system_errno = errno;
    const MonotonicTime ended = clock_source_->monotonic();
    if (taken > 0) {
      const auto left = departures.subspan(decided, static_cast<std::size_t>(taken));
      note_taken(left, began, ended);
      decided += left.size();
      // What stopped the call short is not told. It may have used up a kernel number.
      if (decided < departures.size() && !own_numbers_) restart_kernel_numbers();
      refusal = {};
      undecided_calls_ = 0;
      continue;
    }
    if (system_errno == EINTR) continue;
    if (system_errno == EAGAIN) break;
    const Verdict verdict = judge(system_errno, refusal);
    if (verdict == Verdict::try_again) continue;
    if (verdict == Verdict::undecided) break;
    Departure& first = departures[decided++];
    first.system_errno = system_errno;
    first.call_began = began;
    first.call_ended = ended;
    first.sent_at = began;
    first.mtu = system_errno == EMSGSIZE ? std::exchange(local_mtu_, std::nullopt) : std::nullopt;
    refusal = {};
  }
  return decided;
}

void ProbeSocket::note_taken(std::span<Departure> taken, MonotonicTime began, MonotonicTime ended) {
  const auto count = static_cast<std::int64_t>(taken.size());
  for (std::int64_t i = 0; i < count; ++i) {
    Departure& departure = taken[static_cast<std::size_t>(i)];
    departure.system_errno = 0;
    departure.call_began = began;
    departure.call_ended = ended;
    departure.sent_at = began + (ended - began) * i / count;
    note_sent(departure);
  }
}

ProbeSocket::Verdict ProbeSocket::judge(int system_errno, Refusal& refusal) {
  const std::uint64_t before = errors_queued_;
  awaited_errno_ = system_errno;
  awaited_errno_came_ = false;
  drain_error_queue();
  if (!own_numbers_) restart_kernel_numbers();
  const bool errors_come = errors_queued_ != before || errors_queued_ != errors_at_refusal_;
  errors_at_refusal_ = errors_queued_;
  if (!may_be_pending(system_errno)) return Verdict::local;
  if (system_errno == EMSGSIZE && local_mtu_) return Verdict::local;  // this host's own word
  refusal.errors_came = refusal.errors_came || errors_come;
  if (awaited_errno_came_) {
    refusal.unexplained = 0;
    return ++refusal.tries < most_tries_in_a_call ? Verdict::try_again : Verdict::undecided;
  }
  ++refusal.unexplained;
  const int enough = refusal.errors_came ? refusals_that_prove : refusals_that_prove_without_errors;
  if (refusal.unexplained < enough) return Verdict::try_again;
  if (undecided_calls_ < most_undecided_calls && net::may_lack_receive_room(fd())) {
    ++undecided_calls_;
    return Verdict::undecided;
  }
  undecided_calls_ = 0;
  return Verdict::local;
}

void ProbeSocket::restart_kernel_numbers() {
  if (clock_ == RttClock::user || kernel_numbers_.empty()) return;
  drain_error_queue();
  if (net::restart_send_numbers(fd(), stamping_)) kernel_next_ = 0;
}

std::optional<std::uint32_t> ProbeSocket::send_number(std::uint32_t kernel_number) const {
  if (own_numbers_) return kernel_number;
  const std::uint32_t behind = kernel_next_ - kernel_number;
  if (behind == 0 || behind > kernel_numbers_.size()) return std::nullopt;
  return kernel_numbers_[kernel_number % kernel_numbers_.size()];
}

}  // namespace sonde::transport
