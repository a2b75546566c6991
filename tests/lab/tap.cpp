// tap.cpp: a packet socket opened by a thread in the namespace, as a socket stays in the one that it was made in.
#include "lab/tap.hpp"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <time.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

namespace sonde::lab {
namespace {

// The errno of what failed; 0: none did.
int open_socket(int network, const std::string& device, Descriptor& result) {
  if (::setns(network, CLONE_NEWNET) != 0) return errno;
  Descriptor socket(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return errno;
  constexpr int on = 1, buffer_bytes = 8 << 20;
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(::if_nametoindex(device.c_str()));
  if (::setsockopt(socket.number(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0 ||
      ::setsockopt(socket.number(), SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes) != 0 ||
      ::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return errno;
  }
  result = std::move(socket);
  return 0;
}

std::int64_t stamp_of(msghdr& header) {
  for (cmsghdr* each = CMSG_FIRSTHDR(&header); each != nullptr; each = CMSG_NXTHDR(&header, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec time{};
    std::memcpy(&time, CMSG_DATA(each), sizeof time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  }
  throw LabError("a tapped packet without a stamp");
}

}  // namespace

Tap::Tap(const Namespace& space, const std::string& device) {
  int failure = 0;
  std::thread([&] { failure = open_socket(space.place().network, device, socket_); }).join();
  if (failure != 0) throw LabError("cannot tap " + device + ": " + std::strerror(failure));
}

std::vector<TappedPacket> Tap::packets() {
  std::vector<TappedPacket> found;
  for (;;) {
    std::array<std::uint8_t, 65536> bytes;
    alignas(cmsghdr) std::array<char, 256> control;
    sockaddr_ll from{};
    iovec vector{bytes.data(), bytes.size()};
    msghdr header{};
    header.msg_name = &from;
    header.msg_namelen = sizeof from;
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t length = ::recvmsg(socket_.number(), &header, 0);
    if (length < 0) return found;
    found.push_back({stamp_of(header), from.sll_pkttype == PACKET_OUTGOING,
                     Bytes(bytes.begin(), bytes.begin() + length)});
  }
}

}  // namespace sonde::lab
