// netlink.hpp: questions to the kernel's routing over a netlink socket, and their answers (netlink(7), rtnetlink(7)).
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sonde/address.hpp"
#include "sonde/error.hpp"

namespace sonde::net {

// Of messages and of attributes.
constexpr std::size_t netlink_aligned(std::size_t bytes) {
  return NLMSG_ALIGN(bytes);
}

// A request under construction: netlink's header, a fixed part, attributes.
class NetlinkRequest {
 public:
  template <typename Fixed>
  NetlinkRequest(std::uint16_t type, const Fixed& fixed) {
    header_.nlmsg_type = type;
    header_.nlmsg_flags = NLM_F_REQUEST;
    put(&header_, sizeof header_);
    put(&fixed, sizeof fixed);
  }

  void attribute(std::uint16_t type, std::span<const std::byte> value) {
    const rtattr head{static_cast<std::uint16_t>(sizeof(rtattr) + value.size()), type};
    put(&head, sizeof head);
    put(value.data(), value.size());
  }
  void attribute(std::uint16_t type, std::uint32_t value) {
    attribute(type, std::as_bytes(std::span(&value, 1)));
  }

  // Sends it and returns what stands behind netlink's header in the one answer. The kernel's refusal has its errno, and `what`.
  Result<std::vector<std::byte>> ask(std::string_view what);

  // Sends it as a request for everything of its kind, and calls `use` with what stands behind netlink's header in each
  // answer. Errors: as ask(); also when something changed meanwhile, so that the answers do not fit together (EINTR).
  Result<void> dump(std::string_view what, const std::function<void(std::span<const std::byte>)>& use);

 private:
  void put(const void* data, std::size_t size) {
    std::memcpy(bytes_.data() + used_, data, size);
    used_ += netlink_aligned(size);
  }
  std::span<const std::byte> bytes() {
    header_.nlmsg_len = static_cast<std::uint32_t>(used_);
    std::memcpy(bytes_.data(), &header_, sizeof header_);
    return std::span(bytes_).first(used_);
  }

  nlmsghdr header_{};
  std::array<std::byte, 128> bytes_{};  // the longest, a route with every attribute, takes 84
  std::size_t used_ = 0;
};

// An answer's fixed part, and its attributes behind that.
template <typename Fixed>
struct NetlinkAnswer {
  Fixed fixed{};
  std::span<const std::byte> attributes;

  explicit NetlinkAnswer(std::span<const std::byte> body) {
    std::memcpy(&fixed, body.data(), std::min(sizeof fixed, body.size()));
    attributes = body.subspan(std::min(netlink_aligned(sizeof fixed), body.size()));
  }
};

// Calls use(type, value) with each attribute in `rest`.
template <typename Use>
void each_attribute(std::span<const std::byte> rest, Use use) {
  rtattr head{};
  while (rest.size() >= sizeof head) {
    std::memcpy(&head, rest.data(), sizeof head);
    if (head.rta_len < sizeof head || head.rta_len > rest.size()) return;
    use(head.rta_type, rest.subspan(sizeof head, head.rta_len - sizeof head));
    rest = rest.subspan(std::min(netlink_aligned(head.rta_len), rest.size()));
  }
}

// What attributes hold. A number that is cut has zeros for what is missing.
std::uint32_t number_in(std::span<const std::byte> value);
std::optional<Address> address_in(std::span<const std::byte> value);
// Link-local addresses mean nothing without the interface that they are on.
std::optional<Address> address_on(std::span<const std::byte> value, std::uint32_t interface_index);

}  // namespace sonde::net
