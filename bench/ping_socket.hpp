// ping_socket.hpp: ICMP datagram sockets in batches and nothing else: what the kernel itself can carry.
//
// The reference the library is held against, so it uses none of it: no target, no token, no schedule, no
// verdict. Exits with a message when the system refuses; a benchmark has nothing else to do then.
#pragma once

#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace sonde::bench {

[[noreturn]] inline void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

inline double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

inline double wall_seconds() {
  return seconds_of(CLOCK_MONOTONIC);
}
inline double cpu_seconds() {
  return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

// `count` consecutive addresses of one family, starting at a numeric one.
class Targets {
 public:
  Targets(const std::string& first, std::uint32_t count) : count_(count) {
    if (inet_pton(AF_INET, first.c_str(), &v4_.sin_addr) == 1) {
      family_ = AF_INET;
      v4_.sin_family = AF_INET;
      base_ = ntohl(v4_.sin_addr.s_addr);
    } else if (inet_pton(AF_INET6, first.c_str(), &v6_.sin6_addr) == 1) {
      family_ = AF_INET6;
      v6_.sin6_family = AF_INET6;
      std::memcpy(&base_, v6_.sin6_addr.s6_addr + 12, sizeof base_);
      base_ = ntohl(base_);
    } else {
      std::fprintf(stderr, "not an address: %s\n", first.c_str());
      std::exit(2);
    }
  }

  int family() const { return family_; }
  std::uint32_t count() const { return count_; }
  socklen_t address_bytes() const { return family_ == AF_INET ? sizeof v4_ : sizeof v6_; }

  // Writes all of the first address, whose last four bytes `set` then exchanges.
  void write_first(sockaddr_storage& to) const {
    if (family_ == AF_INET) {
      std::memcpy(&to, &v4_, sizeof v4_);
    } else {
      std::memcpy(&to, &v6_, sizeof v6_);
    }
  }
  void set(sockaddr_storage& to, std::uint32_t index) const {
    const std::uint32_t value = htonl(base_ + index);
    const std::size_t at =
        family_ == AF_INET ? offsetof(sockaddr_in, sin_addr) : offsetof(sockaddr_in6, sin6_addr) + 12;
    std::memcpy(reinterpret_cast<std::byte*>(&to) + at, &value, sizeof value);
  }

 private:
  int family_ = AF_INET;
  std::uint32_t count_;
  std::uint32_t base_ = 0;
  sockaddr_in v4_{};
  sockaddr_in6 v6_{};
};

// A ping socket of its own identifier, with the largest receive buffer the system gives.
class PingSocket {
 public:
  PingSocket(int family, bool stamped)
      : fd_(socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                   family == AF_INET ? static_cast<int>(IPPROTO_ICMP) : static_cast<int>(IPPROTO_ICMPV6))) {
    if (fd_ < 0) give_up("cannot open a ping socket (is net.ipv4.ping_group_range open here?)");
    const int buffer = 4 << 20;
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    if (!stamped) return;
    const int flags = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE |
                      SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;
    if (setsockopt(fd_, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags) != 0) give_up("SO_TIMESTAMPING");
  }
  PingSocket(PingSocket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  PingSocket& operator=(PingSocket&&) = delete;
  ~PingSocket() {
    if (fd_ >= 0) close(fd_);
  }

  int fd() const { return fd_; }

  bool wait(short events, int timeout_ms) const {
    pollfd one{fd_, events, 0};
    return poll(&one, 1, timeout_ms) > 0;
  }

 private:
  int fd_;
};

// Echo requests ready to go: 8 bytes of header and 56 of payload each.
class SendBatch {
 public:
  static constexpr std::size_t packet_bytes = 64;

  SendBatch(const Targets& targets, std::size_t size)
      : targets_(&targets), messages_(size), vectors_(size), packets_(size), addresses_(size) {
    for (std::size_t i = 0; i < size; ++i) {
      packets_[i].fill(0x5a);
      packets_[i][0] = targets.family() == AF_INET ? 8 : 128;
      packets_[i][1] = 0;
      vectors_[i] = {packets_[i].data(), packet_bytes};
      targets.write_first(addresses_[i]);
      messages_[i].msg_hdr.msg_name = &addresses_[i];
      messages_[i].msg_hdr.msg_namelen = targets.address_bytes();
      messages_[i].msg_hdr.msg_iov = &vectors_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }

  std::size_t size() const { return messages_.size(); }

  void set(std::size_t at, std::uint32_t target, std::uint16_t sequence) {
    targets_->set(addresses_[at], target);
    const std::uint16_t wire = htons(sequence);
    std::memcpy(packets_[at].data() + 6, &wire, sizeof wire);
  }

  // Sends the first `count`; returns how many went.
  std::size_t send(int fd, std::size_t count) {
    std::size_t sent = 0;
    while (sent < count) {
      const int n = sendmmsg(fd, messages_.data() + sent, static_cast<unsigned>(count - sent), 0);
      if (n > 0) {
        sent += static_cast<std::size_t>(n);
      } else if (errno != EINTR && errno != ENOBUFS && errno != EAGAIN) {
        give_up("sendmmsg");
      }
    }
    return sent;
  }

 private:
  const Targets* targets_;
  std::vector<mmsghdr> messages_;
  std::vector<iovec> vectors_;
  std::vector<std::array<std::uint8_t, packet_bytes>> packets_;
  std::vector<sockaddr_storage> addresses_;
};

// Answers, or with MSG_ERRQUEUE transmit stamps, taken a batch at a time.
class ReceiveBatch {
 public:
  explicit ReceiveBatch(std::size_t size) : messages_(size), vectors_(size), slots_(size) {
    for (std::size_t i = 0; i < size; ++i) vectors_[i] = {slots_[i].packet.data(), slots_[i].packet.size()};
  }

  // How many came; 0 when there is nothing.
  std::size_t receive(int fd, int flags) {
    for (std::size_t i = 0; i < messages_.size(); ++i) {
      msghdr& header = messages_[i].msg_hdr;
      header = {};
      header.msg_name = &slots_[i].from;
      header.msg_namelen = sizeof slots_[i].from;
      header.msg_iov = &vectors_[i];
      header.msg_iovlen = 1;
      header.msg_control = slots_[i].control.data();
      header.msg_controllen = slots_[i].control.size();
    }
    const int n = recvmmsg(fd, messages_.data(), static_cast<unsigned>(messages_.size()),
                           flags | MSG_DONTWAIT, nullptr);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EAGAIN && errno != EINTR) give_up("recvmmsg");
    return 0;
  }

  std::size_t size() const { return messages_.size(); }

  std::uint16_t sequence(std::size_t at) const {
    std::uint16_t wire = 0;
    std::memcpy(&wire, slots_[at].packet.data() + 6, sizeof wire);
    return ntohs(wire);
  }

  // The kernel's software stamp of a message, and for a transmit stamp which send it belongs to.
  std::optional<std::int64_t> stamp_ns(std::size_t at, std::uint32_t* send_number = nullptr) const {
    std::optional<std::int64_t> stamp;
    const msghdr& header = messages_[at].msg_hdr;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr;
         c = CMSG_NXTHDR(const_cast<msghdr*>(&header), c)) {
      if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPING) {
        scm_timestamping stamps{};
        std::memcpy(&stamps, CMSG_DATA(c), sizeof stamps);
        stamp = stamps.ts[0].tv_sec * 1'000'000'000 + stamps.ts[0].tv_nsec;
      } else if (send_number != nullptr && (c->cmsg_type == IP_RECVERR || c->cmsg_type == IPV6_RECVERR)) {
        sock_extended_err error{};
        std::memcpy(&error, CMSG_DATA(c), sizeof error);
        *send_number = error.ee_data;
      }
    }
    return stamp;
  }

 private:
  struct Slot {
    sockaddr_storage from;
    std::array<std::uint8_t, 128> packet;
    alignas(cmsghdr) std::array<std::uint8_t, 256> control;
  };
  std::vector<mmsghdr> messages_;
  std::vector<iovec> vectors_;
  std::vector<Slot> slots_;
};

}  // namespace sonde::bench
