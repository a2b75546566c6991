// node_information.cpp: see node_information.hpp.
#include "wire/node_information.hpp"

#include <arpa/nameser.h>
#include <resolv.h>

#include "wire/bytes.hpp"

namespace sonde::wire {

NodeStep NodeNames::next(NodeName& name) {
  if (at_ >= data_.size()) return NodeStep::end;
  const auto* begin = reinterpret_cast<const unsigned char*>(data_.data());
  // libc's reader of names: it follows compression no further than back, and stays within the data.
  const int bytes = ::dn_expand(begin, begin + data_.size(), begin + at_, name.text.data(),
                                static_cast<int>(name.text.size()));
  if (bytes < 0) return NodeStep::truncated;
  at_ += static_cast<std::size_t>(bytes);
  name.fully_qualified = at_ >= data_.size() || data_[at_] != std::byte{0};
  if (!name.fully_qualified) ++at_;
  return NodeStep::item;
}

NodeStep NodeAddresses::next(NodeAddress& address) {
  if (rest_.empty()) return NodeStep::end;
  const std::size_t bytes = family_ == Family::ipv4 ? 4 : 16;
  if (rest_.size() < node_ttl_bytes + bytes) return NodeStep::truncated;
  address.ttl_s = load_be32(rest_, 0);
  const auto from = rest_.subspan(node_ttl_bytes, bytes);
  address.address =
      family_ == Family::ipv4 ? Address::ipv4(from.first<4>()) : Address::ipv6(from.first<16>());
  rest_ = rest_.subspan(node_ttl_bytes + bytes);
  return NodeStep::item;
}

}  // namespace sonde::wire
