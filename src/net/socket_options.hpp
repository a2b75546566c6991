// socket_options.hpp: what sonde sets on its sockets, each refusal an error that names option, value and
// remedy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "sonde/address.hpp"
#include "sonde/error.hpp"
#include "sonde/options.hpp"

namespace sonde::net {

// Sets `options` on a datagram or raw ICMP socket of `family`; binds to `options.source` when there is one,
// after switching SO_REUSEADDR off. `identifier` is the ping socket's ICMP identifier (0: the kernel's
// choice); it is bound also without a source. Without either the socket stays unbound. IPv4 takes no flow
// label, IPv6 takes it from each destination: build those with SocketAddress::from(address, port,
// *options.flow_label). Errors: invalid_argument (source of the other family, flow label over 20 bits or for
// IPv4, TTL 0), not_found (interface), unavailable (source not ours, no free identifier), permission_denied
// (mark, interface), system.
Result<void> apply_network_options(int descriptor, Family family, const NetworkOptions& options,
                                   std::uint16_t identifier = 0);

// Whether a probe of this family may carry them. Errors: invalid_argument, naming what is wrong.
Result<void> check_packet_options(Family family, const PacketOptions& options);
// Sets those of them that are set, for all that leaves by the socket. Errors: invalid_argument, system.
Result<void> apply_packet_options(int descriptor, Family family, const PacketOptions& options);
// Sets TTL and TOS, also back to what the system chooses by itself where one is unset. Errors: system.
Result<void> replace_packet_options(int descriptor, Family family, const PacketOptions& options);

// Whether sockets of this kind take TTL and TOS of a single send as control messages: an IPv6 ping socket takes no notice of
// any before Linux 5.18. Asked of the kernel once.
bool takes_packet_options_by_message(Family family, bool ping_socket);

// The parts of apply_network_options(), for those who need one.
Result<void> set_ttl(int descriptor, Family family, std::uint8_t ttl);
Result<void> set_tos(int descriptor, Family family, std::uint8_t tos);
Result<void> set_mark(int descriptor, std::uint32_t mark);
Result<void> set_path_mtu(int descriptor, Family family, PathMtu path_mtu);
// IP_MTU_DISCOVER of an IPv4 socket, an IP_PMTUDISC_* of the kernel.
Result<int> path_mtu_discovery(int descriptor);
Result<void> set_path_mtu_discovery(int descriptor, int value);
// Has the flow label of each destination's SocketAddress used.
Result<void> enable_flow_label(int descriptor, std::uint32_t flow_label);
// SO_BINDTODEVICE; where that is refused (before Linux 5.7, or bound to another device already: both need
// CAP_NET_RAW) sends go out of it (IP_UNICAST_IF) while answers may come in anywhere.
Result<void> bind_to_interface(int descriptor, Family family, const std::string& interface);
// Sends go out of it; the socket is not bound, so answers may come in anywhere.
Result<void> send_by_interface(int descriptor, Family family, const std::string& interface);
// Sent in the header of every IPv4 packet.
Result<void> set_ip_options(int descriptor, Family family, std::span<const std::byte> options);
Result<void> bind_to_source(int descriptor, Family family, const std::optional<Address>& source,
                            std::uint16_t identifier = 0);

// A ping socket starts with SO_REUSEADDR on, so that another process may bind the same identifier and take
// all its answers. Call before bind().
Result<void> forbid_address_reuse(int descriptor);

// The IPv6 socket takes no IPv4 packets (IPV6_V6ONLY). Call before bind().
Result<void> set_ipv6_only(int descriptor);

struct ReceiveOptions {
  bool errors = true;      // IP_RECVERR: ICMP errors on the error queue. One then fails the next send
  bool ttl = true;         // TTL or hop limit of what is received
  bool tos = true;         // TOS or traffic class
  bool ip_options = true;  // IPv4 options
  bool packet_information = false;  // our own address and the interface, of each packet
};
Result<void> enable_receive_control(int descriptor, Family family, const ReceiveOptions& options = {});

// Sets the receive buffer to `bytes`, as SO_RCVBUF counts (the kernel doubles it, capped at twice
// net.core.rmem_max; with CAP_NET_ADMIN not capped). 0: as much as is allowed, up to
// `largest_receive_buffer_bytes` where nothing caps it. Returns the effective size, which is what packets are
// charged against (832 bytes for a 64-byte reply).
Result<int> set_receive_buffer(int descriptor, int bytes);
inline constexpr int largest_receive_buffer_bytes = 4 << 20;
// The effective size now. Errors: system.
Result<int> receive_buffer(int descriptor);

// How many received packets this socket dropped since it was opened (full buffer, mostly), by SO_MEMINFO;
// wraps. TX stamps lost in a full buffer are not among them. nullopt: the kernel does not say.
std::optional<std::uint32_t> receive_drops(int descriptor);

// Whether the receive buffer is so full (half, to be safe) that the kernel may have found no room for an ICMP error, which
// is pending on the socket all the same.
bool may_lack_receive_room(int descriptor);

// Takes the error that is pending on the socket (SO_ERROR) and would fail the next send; 0: none.
int take_pending_error(int descriptor);

}  // namespace sonde::net
