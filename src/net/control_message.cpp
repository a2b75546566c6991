// control_message.cpp: one pass over the control messages of a packet.
#include "net/control_message.hpp"

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "net/socket_address.hpp"

namespace sonde::net {
namespace {

// The kernel's two layouts of scm_timestamping (Documentation/networking/timestamping.rst): three timespecs
// with the words of the C ABI, or with 64-bit words. They differ on 32-bit systems only. [0] is software, [1]
// unused, [2] hardware.
template <typename Word>
struct StampTriple {
  struct {
    Word seconds;
    Word nanoseconds;
  } stamps[3];
};
constexpr int scm_timestamping_old = SO_TIMESTAMPING_OLD;
constexpr int scm_timestamping_new = SO_TIMESTAMPING_NEW;
constexpr int scm_timestamping_packet_information = 58;  // SCM_TIMESTAMPING_PKTINFO
struct StampPacketInformation {
  std::uint32_t interface_index;
  std::uint32_t length;
  std::uint32_t reserved[2];
};

template <typename Word>
void read_stamps(const ControlMessage& message, ReceivedControl& control) {
  const auto triple = message.as<StampTriple<Word>>();
  if (!triple) return;
  const auto time = [](const auto& stamp) -> std::optional<UnixTime> {
    if (stamp.seconds == 0 && stamp.nanoseconds == 0) return std::nullopt;
    // Wraps rather than overflows on seconds that no clock shows.
    const std::uint64_t count = static_cast<std::uint64_t>(stamp.seconds) * 1'000'000'000U +
                                static_cast<std::uint64_t>(stamp.nanoseconds);
    return UnixTime(Nanoseconds(static_cast<std::int64_t>(count)));
  };
  control.software_stamp = time(triple->stamps[0]);
  control.hardware_stamp = time(triple->stamps[2]);
}

void read_error(const ControlMessage& message, ReceivedControl& control) {
  const auto raw = message.as<sock_extended_err>();
  if (!raw) return;
  ExtendedError& error = control.error.emplace();
  error.error = static_cast<int>(raw->ee_errno);
  error.origin = raw->ee_origin;
  error.type = raw->ee_type;
  error.code = raw->ee_code;
  error.info = raw->ee_info;
  error.data = raw->ee_data;
  if (error.is_stamp()) return;
  const auto behind = message.data.subspan(sizeof(sock_extended_err));
  if (const auto offender = SocketAddress::from(behind.data(), behind.size())) {
    error.offender = offender->address();
  }
}

// TTL, TOS and their likes: one byte or an int, by option and kernel version.
std::optional<std::uint8_t> small_number(const ControlMessage& message) {
  if (const auto number = message.as<int>()) return static_cast<std::uint8_t>(*number);
  return message.as<std::uint8_t>();
}

void read_socket_level(const ControlMessage& message, ReceivedControl& control) {
  if (message.type == scm_timestamping_new) {
    read_stamps<std::int64_t>(message, control);
  } else if (message.type == scm_timestamping_old) {
    read_stamps<long>(message, control);
  } else if (message.type == scm_timestamping_packet_information) {
    if (const auto information = message.as<StampPacketInformation>()) {
      control.interface_index = information->interface_index;
    }
  }
}

void read_ipv4_level(const ControlMessage& message, ReceivedControl& control) {
  if (message.type == IP_RECVERR) {
    read_error(message, control);
  } else if (message.type == IP_TTL) {
    control.ttl = small_number(message);
  } else if (message.type == IP_TOS) {
    control.tos = small_number(message);
  } else if (message.type == IP_RECVOPTS) {
    control.ip_options = message.data;
  } else if (message.type == IP_PKTINFO) {
    if (const auto information = message.as<in_pktinfo>()) {
      control.interface_index = static_cast<std::uint32_t>(information->ipi_ifindex);
      control.destination = Address::ipv4(ntohl(information->ipi_addr.s_addr));
    }
  }
}

void read_ipv6_level(const ControlMessage& message, ReceivedControl& control) {
  if (message.type == IPV6_RECVERR) {
    read_error(message, control);
  } else if (message.type == IPV6_HOPLIMIT) {
    control.ttl = small_number(message);
  } else if (message.type == IPV6_TCLASS) {
    control.tos = small_number(message);
  } else if (message.type == IPV6_PKTINFO) {
    if (const auto information = message.as<in6_pktinfo>()) {
      control.interface_index = information->ipi6_ifindex;
      const Address bare =
          Address::ipv6(std::as_bytes(std::span<const std::uint8_t, 16>(information->ipi6_addr.s6_addr)));
      control.destination = bare.is_link_local()
                                ? Address::ipv6(std::span(bare.padded_bytes()), control.interface_index)
                                : bare;
    }
  }
}

}  // namespace

bool ExtendedError::is_stamp() const {
  return origin == SO_EE_ORIGIN_TIMESTAMPING;
}
bool ExtendedError::is_icmp() const {
  return origin == SO_EE_ORIGIN_ICMP || origin == SO_EE_ORIGIN_ICMP6;
}
bool ExtendedError::is_send_stamp() const {
  return is_stamp() && info == SCM_TSTAMP_SND;
}
bool ExtendedError::is_scheduler_stamp() const {
  return is_stamp() && info == SCM_TSTAMP_SCHED;
}

ReceivedControl read_control(const msghdr& header) {
  ReceivedControl control;
  control.truncated = (header.msg_flags & MSG_CTRUNC) != 0;
  for (const ControlMessage& message : ControlMessages(header)) {
    if (message.level == SOL_SOCKET) {
      read_socket_level(message, control);
    } else if (message.level == IPPROTO_IP) {
      read_ipv4_level(message, control);
    } else if (message.level == IPPROTO_IPV6) {
      read_ipv6_level(message, control);
    }
  }
  return control;
}

IntControl stamp_request_control() {
  return {SOL_SOCKET, SO_TIMESTAMPING_OLD, SOF_TIMESTAMPING_TX_SOFTWARE};
}

IntControl ttl_control(Family family, std::uint8_t ttl) {
  if (family == Family::ipv4) return {IPPROTO_IP, IP_TTL, ttl};
  return {IPPROTO_IPV6, IPV6_HOPLIMIT, ttl};
}

IntControl tos_control(Family family, std::uint8_t tos) {
  if (family == Family::ipv4) return {IPPROTO_IP, IP_TOS, tos};
  return {IPPROTO_IPV6, IPV6_TCLASS, tos};
}

}  // namespace sonde::net
