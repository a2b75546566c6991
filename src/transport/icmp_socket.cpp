// icmp_socket.cpp: see icmp_socket.hpp.
#include "transport/icmp_socket.hpp"

#include <netinet/icmp6.h>
#include <netinet/in.h>

#include <cerrno>
#include <utility>

#include "net/socket_options.hpp"
#include "transport/icmp_filter.hpp"
#include "wire/extensions.hpp"
#include "wire/icmp.hpp"
#include "wire/ip.hpp"
#include "wire/probe_message.hpp"

namespace sonde::transport {

Result<net::FileDescriptor> IcmpSocket::open_descriptor(Family family, TransportKind kind) {
  const int type = (kind == TransportKind::icmp_raw ? SOCK_RAW : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
  const int protocol =
      family == Family::ipv4 ? static_cast<int>(IPPROTO_ICMP) : static_cast<int>(IPPROTO_ICMPV6);
  net::FileDescriptor descriptor(::socket(net::address_family(family), type, protocol));
  if (descriptor) return descriptor;
  const char* what = kind == TransportKind::icmp_raw ? "cannot open a raw ICMP socket"
                                                     : "cannot open an ICMP datagram socket";
  return std::unexpected(Error::from_errno(errno, what, std::string(to_string(family))));
}

Result<std::unique_ptr<IcmpSocket>> IcmpSocket::configure(net::FileDescriptor descriptor, Family family,
                                                          TransportKind kind,
                                                          const TransportOptions& options) {
  std::unique_ptr<IcmpSocket> socket(new IcmpSocket(std::move(descriptor), family, kind, options));
  if (auto configured = socket->configure(options); !configured) return std::unexpected(configured.error());
  return socket;
}

IcmpSocket::IcmpSocket(net::FileDescriptor descriptor, Family family, TransportKind kind,
                       const TransportOptions& options)
    : ProbeSocket(std::move(descriptor), family, kind, options), message_(options.network.message) {}

Result<void> IcmpSocket::configure(const TransportOptions& options) {
  if (is_raw()) {
    set_identifier(options.network.identifier.value_or(options.identifier));
    if (auto done = attach_icmp_filter(fd(), family(), message_, identifier()); !done) return done;
  } else if (auto done = net::forbid_address_reuse(fd()); !done) {
    return done;
  }
  // A ping socket's identifier is its port; a raw socket has none to bind.
  const std::uint16_t bound = is_raw() ? std::uint16_t{0} : options.network.identifier.value_or(0);
  if (auto done = net::apply_network_options(fd(), family(), options.network, bound); !done) return done;
  if (!is_raw()) {
    if (auto done = bind_anywhere(options); !done) return done;
  }
  leave_identifications_out(options);
  return configure_receiving(options);
}

std::span<std::byte> IcmpSocket::compose(Departure& departure) {
  wire::write_request(departure.message, family(), message_, identifier(),
                      departure.sequence.value_or(static_cast<std::uint16_t>(departure.number)));
  if (is_raw() && family() == Family::ipv4) wire::write_icmpv4_checksum(departure.message);
  return departure.message;
}

bool IcmpSocket::is_ours(const wire::IcmpMessage& message) const {
  if (wire::is_answer(message.kind, message_)) return message.identifier == identifier();
  return message.quoted && message.quoted->asks == message_ && message.quoted->identifier == identifier();
}

// False for a packet that is no ICMP message, or not for this socket.
bool IcmpSocket::read_answer(const ReceiveRing& ring, std::size_t place, Arrival& arrival) const {
  const auto packet = ring.bytes(place);
  const net::ReceivedControl control = net::read_control(ring.header(place));
  arrival.packet = packet;
  arrival.ttl = control.ttl;
  arrival.tos = control.tos;
  arrival.ip_options = control.ip_options;
  arrival.bytes = static_cast<std::uint32_t>(ring.length(place));
  auto message = packet;
  if (is_raw() && family() == Family::ipv4) {
    const auto header = wire::parse_ip(packet);
    if (!header || header->header_bytes > packet.size()) return false;
    message = packet.subspan(header->header_bytes);
    arrival.bytes -= static_cast<std::uint32_t>(header->header_bytes);
    arrival.has_ip_header = true;
    arrival.identification = header->identification;
    arrival.dont_fragment = header->dont_fragment;
    arrival.ip_options = header->options;
    arrival.ttl = header->ttl;
    arrival.tos = header->tos;
    const bool whole = ring.length(place) == packet.size();
    arrival.bad_checksum = whole && !wire::icmpv4_checksum_valid(message);
  }
  const wire::IcmpMessage& parsed = arrival.message;
  if (!wire::read_icmp(family(), message, arrival.message)) return false;
  // Not ours: what slipped in before the filter was attached.
  if (is_raw() && !is_ours(parsed)) return false;
  if (ring.name(place).is_set()) arrival.from = ring.name(place).address();
  if (parsed.quoted) arrival.probed = parsed.quoted->destination;
  arrival.stamp = control.software_stamp;
  arrival.hardware_stamp = control.hardware_stamp;
  return true;
}

void IcmpSocket::read_error(const QueuedError& queued, Arrival& arrival) const {
  arrival.message.quoted = wire::parse_quoted_icmp(family(), queued.quoted);
  arrival.message.quote = queued.quoted;
  arrival.message.extensions = wire::extensions_behind(queued.quoted, wire::ip_header_bytes(family()));
  arrival.message.label_stack = wire::mpls_label_stack(arrival.message.extensions);
}

}  // namespace sonde::transport
