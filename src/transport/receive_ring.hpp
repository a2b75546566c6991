// receive_ring.hpp: the buffers of recvmmsg(), shared by the transports of one thread.
//
// They are large (some 120 KB) and every call touches them anew: with a ring for each of a dozen sockets they
// would push the targets out of the cache.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include "net/control_message.hpp"
#include "net/socket_address.hpp"

namespace sonde::transport {

class ReceiveRing {
 public:
  static constexpr std::size_t size = 64;

  explicit ReceiveRing(std::size_t bytes_each) { make_room(bytes_each); }

  // Messages of up to `bytes_each` are received whole from now on; never shrinks. What was received is gone.
  void make_room(std::size_t bytes_each);

  // One recvmmsg(): how many messages came, or -1 with errno. What the call before received is overwritten.
  int receive(int descriptor, int flags);

  // Message `i` of those that came.
  std::span<const std::byte> bytes(std::size_t i) const {
    return {bytes_.get() + i * stride_, std::min<std::size_t>(headers_[i].msg_len, stride_)};
  }
  // As the kernel tells it; with MSG_TRUNC more than bytes() may hold.
  std::size_t length(std::size_t i) const { return headers_[i].msg_len; }
  const msghdr& header(std::size_t i) const { return headers_[i].msg_hdr; }
  const net::SocketAddress& name(std::size_t i) const { return names_[i]; }

 private:
  void rearm();

  std::array<mmsghdr, size> headers_{};
  std::array<iovec, size> vectors_{};
  std::array<net::SocketAddress, size> names_{};
  // The kernel writes them before anybody reads; clearing them would only slow the start.
  alignas(8) std::array<std::array<std::byte, net::receive_control_bytes>, size> controls_;
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t stride_ = 0;
  std::size_t filled_ = 0;  // headers that the kernel may have written to
};

// Large enough for any ICMP error with what it quotes, and for an ordinary answer with 60 bytes of IP header.
inline constexpr std::size_t smallest_receive = 1536;

struct ReceiveBuffers {
  ReceiveRing answers{smallest_receive};
  ReceiveRing error_queue{smallest_receive};
};

}  // namespace sonde::transport
