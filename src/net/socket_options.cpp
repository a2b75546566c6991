// socket_options.cpp: socket options, set one by one and checked one by one.
#include "net/socket_options.hpp"

#include <arpa/inet.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <string>
#include <utility>

#include "net/control_message.hpp"
#include "net/file_descriptor.hpp"
#include "net/permissions.hpp"
#include "net/socket_address.hpp"

namespace sonde::net {
namespace {

// An option in the two families: the same thing by two names.
struct OptionPair {
  int ipv4;
  int ipv6;
};
constexpr OptionPair ttl_option{IP_TTL, IPV6_UNICAST_HOPS};
constexpr OptionPair multicast_ttl_option{IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS};
constexpr OptionPair tos_option{IP_TOS, IPV6_TCLASS};
constexpr OptionPair path_mtu_option{IP_MTU_DISCOVER, IPV6_MTU_DISCOVER};
constexpr OptionPair multicast_loop_option{IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP};
constexpr OptionPair send_interface_option{IP_UNICAST_IF, IPV6_UNICAST_IF};
constexpr OptionPair receive_errors_option{IP_RECVERR, IPV6_RECVERR};
constexpr OptionPair receive_ttl_option{IP_RECVTTL, IPV6_RECVHOPLIMIT};
constexpr OptionPair receive_tos_option{IP_RECVTOS, IPV6_RECVTCLASS};
constexpr OptionPair receive_packet_information_option{IP_PKTINFO, IPV6_RECVPKTINFO};

constexpr std::uint32_t last_flow_label = 0xfffff;  // 20 bits

Result<void> set_option(int descriptor, int level, int option, int value, std::string what,
                        std::string subject, std::string hint = {}) {
  if (::setsockopt(descriptor, level, option, &value, sizeof value) == 0) return {};
  return std::unexpected(Error::from_errno(errno, std::move(what), std::move(subject), std::move(hint)));
}

Result<void> set_option(int descriptor, Family family, OptionPair option, int value, std::string what,
                        std::string subject = {}) {
  if (subject.empty()) subject = to_string(family);
  return family == Family::ipv4
             ? set_option(descriptor, IPPROTO_IP, option.ipv4, value, std::move(what), std::move(subject))
             : set_option(descriptor, IPPROTO_IPV6, option.ipv6, value, std::move(what), std::move(subject));
}

bool is_stream(int descriptor) {
  int type = 0;
  socklen_t length = sizeof type;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM;
}

Error no_such_interface(const std::string& interface) {
  return {ErrorCode::not_found, 0, "no such interface", interface, "`ip link` lists them"};
}

}  // namespace

Result<void> set_ttl(int descriptor, Family family, std::uint8_t ttl) {
  if (ttl == 0) return std::unexpected(Error::invalid("a TTL is 1 to 255", "0"));
  const std::string subject = std::to_string(ttl);
  // Multicast has a TTL of its own, 1 unless set; a stream has none of that.
  if (!is_stream(descriptor)) {
    auto set =
        set_option(descriptor, family, multicast_ttl_option, ttl, "cannot set the multicast TTL", subject);
    if (!set) return set;
  }
  return set_option(descriptor, family, ttl_option, ttl, "cannot set the TTL", subject);
}

Result<void> set_tos(int descriptor, Family family, std::uint8_t tos) {
  return set_option(descriptor, family, tos_option, tos, "cannot set the TOS byte", std::to_string(tos));
}

Result<void> set_mark(int descriptor, std::uint32_t mark) {
  return set_option(descriptor, SOL_SOCKET, SO_MARK, static_cast<int>(mark), "cannot set the mark (SO_MARK)",
                    std::to_string(mark), "needs CAP_NET_ADMIN, or CAP_NET_RAW from Linux 5.17");
}

Result<void> set_path_mtu(int descriptor, Family family, PathMtu path_mtu) {
  // IP_PMTUDISC_* and IPV6_PMTUDISC_* are the same numbers.
  int value = 0;
  const char* name = "";
  switch (path_mtu) {
    case PathMtu::system:
      return {};
    case PathMtu::want:
      value = IP_PMTUDISC_WANT, name = "want";
      break;
    case PathMtu::always:
      value = IP_PMTUDISC_DO, name = "do";
      break;
    case PathMtu::never:
      value = IP_PMTUDISC_DONT, name = "dont";
      break;
    case PathMtu::probe:
      value = IP_PMTUDISC_PROBE, name = "probe";
      break;
  }
  auto set = set_option(descriptor, family, path_mtu_option, value, "cannot set path MTU discovery", name);
  if (!set || family == Family::ipv4) return set;
  // IPv6 sockets fragment to the path MTU by themselves unless this is on too.
  const bool never_fragment = path_mtu == PathMtu::always || path_mtu == PathMtu::probe;
  return set_option(descriptor, IPPROTO_IPV6, IPV6_DONTFRAG, never_fragment ? 1 : 0,
                    "cannot set fragmentation (IPV6_DONTFRAG)", name);
}

Result<int> path_mtu_discovery(int descriptor) {
  int value = 0;
  socklen_t length = sizeof value;
  if (::getsockopt(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, &value, &length) == 0) return value;
  return std::unexpected(Error::from_errno(errno, "cannot read path MTU discovery", "IP_MTU_DISCOVER"));
}

Result<void> set_path_mtu_discovery(int descriptor, int value) {
  return set_option(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, value, "cannot set path MTU discovery",
                    "IP_MTU_DISCOVER");
}

Result<void> enable_flow_label(int descriptor, std::uint32_t flow_label) {
  const std::string subject = std::to_string(flow_label);
  if (flow_label > last_flow_label)
    return std::unexpected(Error::invalid("a flow label has 20 bits", subject));
  // Kernels that have seen an exclusive label want each one leased first; a lease that anyone may share is
  // free to everybody. Where leasing is refused, the send tells.
  in6_flowlabel_req request{};
  request.flr_dst.s6_addr[15] = 1;  // must be an address, and is looked at no more
  request.flr_label = htonl(flow_label);
  request.flr_action = IPV6_FL_A_GET;
  request.flr_share = IPV6_FL_S_ANY;
  request.flr_flags = IPV6_FL_F_CREATE;
  if (flow_label != 0) {
    ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &request, sizeof request);
  }
  return set_option(descriptor, IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 1, "cannot set the flow label", subject);
}

namespace {

// 0: there is none.
std::uint32_t index_of_interface(const std::string& interface) {
  return interface.empty() || interface.size() >= IF_NAMESIZE ? 0 : ::if_nametoindex(interface.c_str());
}

}  // namespace

Result<void> set_ip_options(int descriptor, Family family, std::span<const std::byte> options) {
  if (family != Family::ipv4) return std::unexpected(Error::invalid("IPv6 has no IPv4 options"));
  if (::setsockopt(descriptor, IPPROTO_IP, IP_OPTIONS, options.data(),
                   static_cast<socklen_t>(options.size())) == 0)
    return {};
  return std::unexpected(Error::from_errno(errno, "cannot set the IPv4 options", "IP_OPTIONS"));
}

Result<void> send_by_interface(int descriptor, Family family, const std::string& interface) {
  const std::uint32_t index = index_of_interface(interface);
  if (index == 0) return std::unexpected(no_such_interface(interface));
  return set_option(descriptor, family, send_interface_option, static_cast<int>(htonl(index)),
                    "cannot send by the interface", interface);
}

Result<void> bind_to_interface(int descriptor, Family family, const std::string& interface) {
  if (index_of_interface(interface) == 0) return std::unexpected(no_such_interface(interface));
  const auto length = static_cast<socklen_t>(interface.size() + 1);
  if (::setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(), length) == 0) return {};
  const int refusal = errno;
  if (refusal != EPERM) {
    return std::unexpected(Error::from_errno(refusal, "cannot bind to the interface", interface));
  }
  std::array<char, IF_NAMESIZE> bound{};
  auto bound_length = static_cast<socklen_t>(bound.size());
  const bool asked = ::getsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, bound.data(), &bound_length) == 0;
  if (asked && interface == bound.data()) return {};
  if (asked && bound[0] != '\0') {
    return std::unexpected(Error::from_errno(
        refusal, "cannot bind to another interface", interface,
        "the socket is bound to " + std::string(bound.data()) + "; needs CAP_NET_RAW to change"));
  }
  return send_by_interface(descriptor, family, interface);
}

Result<void> bind_to_source(int descriptor, Family family, const std::optional<Address>& source,
                            std::uint16_t identifier) {
  const Address address = source.value_or(Address::any(family));
  if (address.family() != family) {
    return std::unexpected(Error::invalid("the source address is of the other family", address.to_string(),
                                          "the target is " + std::string(to_string(family))));
  }
  if (auto forbidden = forbid_address_reuse(descriptor); !forbidden) return forbidden;
  const SocketAddress name = SocketAddress::from(address, identifier);
  if (::bind(descriptor, name.data(), name.size()) == 0) return {};
  std::string hint;
  if (errno == EADDRNOTAVAIL || errno == ENODEV)
    hint = "it must be an address of this host; `ip address` lists them";
  if (errno == EINVAL && address.is_link_local())
    hint = "a link-local address needs its zone: " + address.to_string() + "%eth0";
  if (errno == EADDRINUSE) hint = "another process has ICMP identifier " + std::to_string(identifier);
  Error error =
      Error::from_errno(errno, "cannot send from this source address", address.to_string(), std::move(hint));
  if (error.system_errno == ENODEV) error.code = ErrorCode::unavailable;
  return std::unexpected(std::move(error));
}

Result<void> forbid_address_reuse(int descriptor) {
  return set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 0, "cannot keep the ICMP identifier to ourselves",
                    "SO_REUSEADDR");
}

Result<void> set_ipv6_only(int descriptor) {
  return set_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1, "cannot keep IPv4 off an IPv6 socket",
                    "IPV6_V6ONLY");
}

Result<void> check_packet_options(Family family, const PacketOptions& options) {
  if (options.ttl == 0) return std::unexpected(Error::invalid("a TTL is 1 to 255", "0"));
  if (!options.flow_label) return {};
  const std::string subject = std::to_string(*options.flow_label);
  if (family != Family::ipv6) return std::unexpected(Error::invalid("IPv4 has no flow label", subject));
  if (*options.flow_label > last_flow_label)
    return std::unexpected(Error::invalid("a flow label has 20 bits", subject));
  return {};
}

Result<void> apply_packet_options(int descriptor, Family family, const PacketOptions& options) {
  Result<void> done = check_packet_options(family, options);
  if (done && options.ttl) done = set_ttl(descriptor, family, *options.ttl);
  if (done && options.tos) done = set_tos(descriptor, family, *options.tos);
  if (done && options.flow_label) done = enable_flow_label(descriptor, *options.flow_label);
  return done;
}

Result<void> replace_packet_options(int descriptor, Family family, const PacketOptions& options) {
  constexpr int as_the_system_has_it = -1;
  const int ttl = options.ttl ? *options.ttl : as_the_system_has_it;
  for (const OptionPair option : {ttl_option, multicast_ttl_option}) {
    if (auto set = set_option(descriptor, family, option, ttl, "cannot set the TTL"); !set) return set;
  }
  return set_tos(descriptor, family, options.tos.value_or(0));
}

namespace {

// A hop limit that cannot be is refused by whoever looks at it.
bool ipv6_ping_sockets_read_messages() {
  const FileDescriptor socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6));
  if (!socket) return true;  // there is none to ask
  std::array<std::byte, 8> echo_request{std::byte{128}};
  iovec vector{echo_request.data(), echo_request.size()};
  SocketAddress to = SocketAddress::from(Address::loopback(Family::ipv6));
  ControlBuffer<CMSG_SPACE(sizeof(int))> control;
  constexpr int no_hop_limit = 256;
  control.append(IPPROTO_IPV6, IPV6_HOPLIMIT, no_hop_limit);
  msghdr header{};
  header.msg_name = to.data();
  header.msg_namelen = to.size();
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  control.attach(header);
  return ::sendmsg(socket.get(), &header, 0) < 0 && errno == EINVAL;
}

}  // namespace

bool takes_packet_options_by_message(Family family, bool ping_socket) {
  if (family == Family::ipv4 || !ping_socket) return true;
  static const bool takes = ipv6_ping_sockets_read_messages();
  return takes;
}

Result<void> apply_network_options(int descriptor, Family family, const NetworkOptions& options,
                                   std::uint16_t identifier) {
  Result<void> done;
  const auto next = [&done](auto&& step) {
    if (done) done = step();
  };
  next([&] { return apply_packet_options(descriptor, family, options); });
  if (options.mark) next([&] { return set_mark(descriptor, *options.mark); });
  next([&] { return set_path_mtu(descriptor, family, options.path_mtu); });
  if (options.broadcast) {
    next([&] {
      return set_option(descriptor, SOL_SOCKET, SO_BROADCAST, 1, "cannot allow broadcast", "SO_BROADCAST");
    });
  }
  if (options.dont_route) {
    next([&] {
      return set_option(descriptor, SOL_SOCKET, SO_DONTROUTE, 1, "cannot leave routes out", "SO_DONTROUTE");
    });
  }
  if (!options.multicast_loop) {
    next([&] {
      return set_option(descriptor, family, multicast_loop_option, 0, "cannot switch multicast loopback off");
    });
  }
  if (!options.ip_options.empty())
    next([&] { return set_ip_options(descriptor, family, options.ip_options); });
  if (!options.interface.empty()) {
    next([&] {
      return options.receive_anywhere ? send_by_interface(descriptor, family, options.interface)
                                      : bind_to_interface(descriptor, family, options.interface);
    });
  }
  if (options.source || identifier != 0) {
    next([&] { return bind_to_source(descriptor, family, options.source, identifier); });
  }
  return done;
}

Result<void> enable_receive_control(int descriptor, Family family, const ReceiveOptions& options) {
  const std::array<std::pair<OptionPair, bool>, 4> wanted{{
      {receive_errors_option, options.errors},
      {receive_ttl_option, options.ttl},
      {receive_tos_option, options.tos},
      {receive_packet_information_option, options.packet_information},
  }};
  for (const auto& [option, on] : wanted) {
    if (!on) continue;
    if (auto set = set_option(descriptor, family, option, 1, "cannot ask for what comes with a packet"); !set)
      return set;
  }
  if (family != Family::ipv4 || !options.ip_options) return {};
  return set_option(descriptor, IPPROTO_IP, IP_RECVOPTS, 1, "cannot ask for what comes with a packet",
                    "IPv4");
}

Result<int> set_receive_buffer(int descriptor, int bytes) {
  const int wanted = bytes > 0 ? bytes : largest_receive_buffer_bytes;
  // The kernel doubles the value itself and must not overflow.
  const int capped = std::min(wanted, std::numeric_limits<int>::max() / 2);
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &capped, sizeof capped);
  const Result<int> allowed = receive_buffer(descriptor);
  if (!allowed || *allowed / 2 >= capped) return allowed;
  // Silently capped at net.core.rmem_max. Without the capability more is not even asked for: a sandbox may end a process
  // for that.
  if (is_effective(Capability::net_admin))
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &capped, sizeof capped);
  return receive_buffer(descriptor);
}

Result<int> receive_buffer(int descriptor) {
  int bytes = 0;
  socklen_t length = sizeof bytes;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, &length) == 0) return bytes;
  return std::unexpected(Error::from_errno(errno, "cannot read the receive buffer's size"));
}

namespace {

using MemoryFigures = std::array<std::uint32_t, SK_MEMINFO_VARS>;

std::optional<MemoryFigures> memory_figures(int descriptor) {
  MemoryFigures figures{};
  socklen_t length = sizeof figures;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, figures.data(), &length) != 0) return std::nullopt;
  if (length < (SK_MEMINFO_DROPS + 1) * sizeof figures[0]) return std::nullopt;
  return figures;
}

}  // namespace

std::optional<std::uint32_t> receive_drops(int descriptor) {
  const auto figures = memory_figures(descriptor);
  return figures ? std::optional((*figures)[SK_MEMINFO_DROPS]) : std::nullopt;
}

bool may_lack_receive_room(int descriptor) {
  const auto figures = memory_figures(descriptor);
  return figures && (*figures)[SK_MEMINFO_RMEM_ALLOC] >= (*figures)[SK_MEMINFO_RCVBUF] / 2;
}

int take_pending_error(int descriptor) {
  int error = 0;
  socklen_t length = sizeof error;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : 0;
}

}  // namespace sonde::net
