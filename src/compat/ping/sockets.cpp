// sockets.cpp: see sockets.hpp.
#include "compat/ping/sockets.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "net/permissions.hpp"
#include "transport/icmp_socket.hpp"

namespace sonde::compat::ping {

namespace {

struct Attempt {
  net::FileDescriptor descriptor;
  TransportKind kind = TransportKind::icmp_datagram;  // the last that was tried
  bool tried = false;
  int system_errno = 0;
};

Attempt try_to_open(Family family, bool raw_only) {
  using transport::IcmpSocket;
  Attempt attempt;
  attempt.tried = true;
  if (!raw_only) {
    auto opened = IcmpSocket::open_descriptor(family, TransportKind::icmp_datagram);
    if (opened) {
      attempt.descriptor = std::move(*opened);
      return attempt;
    }
    attempt.system_errno = opened.error().system_errno;
    const bool another_may_do = attempt.system_errno == EACCES || attempt.system_errno == EPROTONOSUPPORT ||
                                (attempt.system_errno == EAFNOSUPPORT && family == Family::ipv4);
    if (!another_may_do) return attempt;
  }
  attempt.kind = TransportKind::icmp_raw;
  auto opened = IcmpSocket::open_descriptor(family, TransportKind::icmp_raw);
  if (opened) {
    attempt.descriptor = std::move(*opened);
  } else {
    attempt.system_errno = opened.error().system_errno;
  }
  return attempt;
}

std::string_view type_name(const Attempt& attempt) {
  if (!attempt.tried) return "0";
  return attempt.kind == TransportKind::icmp_raw ? "SOCK_RAW" : "SOCK_DGRAM";
}

// Says why there is none. True: and that it cannot go on.
bool explain(const Attempt& attempt, bool required, bool verbose, const Voice& voice) {
  if (attempt.descriptor || (!required && !verbose)) return false;
  voice.say(fmt::format("socktype: {}", type_name(attempt)));
  voice.say("socket", attempt.system_errno);
  if (required && attempt.kind == TransportKind::icmp_raw && ::geteuid() != 0)
    voice.say("=> missing cap_net_raw+p capability or setuid?");
  return required;
}

std::optional<TransportKind> way(const Attempt& attempt) {
  return attempt.descriptor ? std::optional(attempt.kind) : std::nullopt;
}

}  // namespace

std::expected<OpenWays, Exit> find_open_ways(const Options& options, const Voice& voice) {
  const net::RaisedCapability raised;
  // Ping sockets take no identifier 0, and no other messages than echoes.
  const bool zero = options.identifier == std::uint16_t{0};
  const bool raw_only = zero || options.raw_only;
  if (zero && options.verbose) voice.say("WARNING: ident 0 => forcing raw socket");
  Attempt ipv4, ipv6;
  if (options.family != Family::ipv6) {
    ipv4 = try_to_open(Family::ipv4, raw_only);
    if (explain(ipv4, options.family == Family::ipv4, options.verbose, voice))
      return std::unexpected(Exit{refusal_status});
  }
  if (options.family != Family::ipv4) {
    ipv6 = try_to_open(Family::ipv6, raw_only);
    if (explain(ipv6, !ipv4.descriptor, options.verbose, voice)) return std::unexpected(Exit{refusal_status});
  }
  if (options.verbose) {
    std::optional<Family> family = options.family;
    if (!family && !ipv4.descriptor) family = Family::ipv6;
    if (!family && !ipv6.descriptor) family = Family::ipv4;
    voice.say(fmt::format("sock4.fd: {} (socktype: {}), sock6.fd: {} (socktype: {}), hints.ai_family: {}",
                          ipv4.descriptor.get(), type_name(ipv4), ipv6.descriptor.get(), type_name(ipv6),
                          !family                   ? "AF_UNSPEC"
                          : *family == Family::ipv4 ? "AF_INET"
                                                    : "AF_INET6"));
  }
  return OpenWays{way(ipv4), way(ipv6)};
}

}  // namespace sonde::compat::ping
