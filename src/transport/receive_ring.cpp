// receive_ring.cpp: see receive_ring.hpp.
#include "transport/receive_ring.hpp"

#include <algorithm>

namespace sonde::transport {

void ReceiveRing::make_room(std::size_t bytes_each) {
  if (bytes_each <= stride_) return;
  stride_ = bytes_each;
  filled_ = size;
  bytes_ = std::make_unique_for_overwrite<std::byte[]>(stride_ * size);
  for (std::size_t i = 0; i < size; ++i) {
    vectors_[i] = {bytes_.get() + i * stride_, stride_};
    msghdr& header = headers_[i].msg_hdr;
    header.msg_iov = &vectors_[i];
    header.msg_iovlen = 1;
    header.msg_name = names_[i].data();
    header.msg_control = controls_[i].data();
  }
  rearm();
}

// The kernel overwrites these with what it stored; only those that the last call filled need it.
void ReceiveRing::rearm() {
  for (mmsghdr& header : std::span(headers_).first(filled_)) {
    header.msg_hdr.msg_namelen = net::SocketAddress::capacity();
    header.msg_hdr.msg_controllen = net::receive_control_bytes;
    header.msg_hdr.msg_flags = 0;
  }
  filled_ = 0;
}

int ReceiveRing::receive(int descriptor, int flags) {
  rearm();
  const int count = ::recvmmsg(descriptor, headers_.data(), size, flags | MSG_DONTWAIT, nullptr);
  // A message that failed half-way may have been written to as well.
  filled_ = std::min(size, static_cast<std::size_t>(std::max(count, 0)) + 1);
  return count;
}

}  // namespace sonde::transport
