// udp_socket.cpp: see udp_socket.hpp.
#include "transport/udp_socket.hpp"

#include <netinet/in.h>

#include <cerrno>
#include <utility>

#include "net/random.hpp"
#include "net/socket_options.hpp"
#include "wire/extensions.hpp"
#include "wire/icmp.hpp"
#include "wire/ip.hpp"

namespace sonde::transport {

namespace {

// As many bytes as an ICMP echo has in this place: figures of size mean the same for both.
constexpr std::size_t udp_header_bytes = wire::echo_header_bytes;

}  // namespace

Result<std::unique_ptr<UdpSocket>> UdpSocket::open(Family family, const TransportOptions& options) {
  constexpr int type = SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
  net::FileDescriptor descriptor(::socket(net::address_family(family), type, IPPROTO_UDP));
  if (!descriptor) {
    return std::unexpected(
        Error::from_errno(errno, "cannot open a UDP socket", std::string(to_string(family))));
  }
  std::unique_ptr<UdpSocket> socket(
      new UdpSocket(std::move(descriptor), family, options, wire::TokenKey(net::random_key())));
  if (auto configured = socket->configure(options); !configured) return std::unexpected(configured.error());
  return socket;
}

UdpSocket::UdpSocket(net::FileDescriptor descriptor, Family family, const TransportOptions& options,
                     const wire::TokenKey& key)
    : ProbeSocket(std::move(descriptor), family, TransportKind::udp, options), key_(key), numbers_(ports) {}

Result<void> UdpSocket::configure(const TransportOptions& options) {
  // An IPv6 socket else takes IPv4's packets too: an IPv4 probe of this very host to the port that it happens to have would be
  // neither answered nor unreachable.
  if (family() == Family::ipv6) {
    if (auto done = net::set_ipv6_only(fd()); !done) return done;
  }
  if (auto done = net::apply_network_options(fd(), family(), options.network); !done) return done;
  if (auto done = bind_anywhere(options); !done) return done;
  leave_identifications_out(options);
  return configure_receiving(options);
}

std::uint16_t UdpSocket::port_mask(const Address& address) const {
  return static_cast<std::uint16_t>(key_.token(address, 0, 0) & (ports - 1));
}

std::optional<std::uint32_t> UdpSocket::number_of(const net::SocketAddress& probed) const {
  if (!probed.is_set() || probed.port() < first_port) return std::nullopt;
  const auto place = static_cast<std::size_t>(probed.port() - first_port) ^ port_mask(probed.address());
  const std::uint32_t number = numbers_[place];
  // Nothing was ever sent to a port whose place still holds another's number.
  if ((number & (ports - 1)) != place) return std::nullopt;
  return number;
}

std::span<std::byte> UdpSocket::compose(Departure& departure) {
  const std::size_t place = departure.number & (ports - 1);
  numbers_[place] = departure.number;
  departure.to.set_port(static_cast<std::uint16_t>(first_port + (place ^ port_mask(departure.to.address()))));
  return departure.message.subspan(udp_header_bytes);
}

// A service listens on the port and said something.
bool UdpSocket::read_answer(const ReceiveRing& ring, std::size_t place, Arrival& arrival) const {
  const auto number = number_of(ring.name(place));
  if (!number) return false;
  const net::ReceivedControl control = net::read_control(ring.header(place));
  arrival.packet = ring.bytes(place);
  arrival.from = ring.name(place).address();
  arrival.ttl = control.ttl;
  arrival.tos = control.tos;
  arrival.stamp = control.software_stamp;
  arrival.hardware_stamp = control.hardware_stamp;
  arrival.bytes = static_cast<std::uint32_t>(udp_header_bytes + ring.length(place));
  arrival.proof = Proof::ports;
  arrival.message.kind = wire::IcmpKind::echo_reply;
  arrival.message.identifier = identifier();
  arrival.message.sequence = static_cast<std::uint16_t>(*number);
  arrival.message.payload = arrival.packet;
  return true;
}

void UdpSocket::read_error(const QueuedError& queued, Arrival& arrival) const {
  wire::IcmpMessage& message = arrival.message;
  const auto number = number_of(queued.probed);
  const std::size_t headers = wire::ip_header_bytes(family()) + udp_header_bytes;
  message.quote = queued.quoted;
  message.extensions = wire::extensions_behind(queued.quoted, headers);
  if (message.reason == ErrorReason::port_unreachable && number) {
    message.kind = wire::IcmpKind::echo_reply;
    message.identifier = identifier();
    message.sequence = static_cast<std::uint16_t>(*number);
    message.payload = queued.quoted;
    arrival.proof = Proof::quote;
    arrival.bytes = 0;
    return;
  }
  if (!number) return;
  wire::QuotedProbe& quoted = message.quoted.emplace();
  quoted.family = family();
  quoted.destination = queued.probed.address();
  quoted.identifier = identifier();
  quoted.sequence = static_cast<std::uint16_t>(*number);
  quoted.asks = ProbeMessage::echo;
  quoted.payload = queued.quoted;
  message.label_stack = wire::mpls_label_stack(message.extensions);
}

}  // namespace sonde::transport
