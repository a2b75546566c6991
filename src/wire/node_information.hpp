// node_information.hpp: the names and addresses in a node information reply's data (RFC 4620 section 6), one by one.
//
// Neither allocates nor reads past the data, which may be anything.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "sonde/address.hpp"

namespace sonde::wire {

inline constexpr std::uint16_t node_names = 2, node_addresses = 3, node_ipv4_addresses = 4;  // Qtypes
inline constexpr std::uint16_t node_truncated = 0x0001;  // a flag of replies with addresses
inline constexpr std::size_t node_ttl_bytes = 4;         // before all names, and before each address

enum class NodeStep : std::uint8_t {
  item,
  end,
  truncated,  // what is left makes no item: cut short, or no name
};

struct NodeName {
  std::array<char, 1025> text;  // escaped as DNS tools do ("\\032" for a blank); ends with a zero
  bool fully_qualified = false;
};

// Names in DNS's wire form; two empty labels end one that is not fully qualified.
class NodeNames {
 public:
  // `data`: from the TTL on. Requires: it holds at least node_ttl_bytes.
  explicit NodeNames(std::span<const std::byte> data) : data_(data), at_(node_ttl_bytes) {}
  // After anything but an item: requires that it is not called again.
  NodeStep next(NodeName& name);

 private:
  std::span<const std::byte> data_;
  std::size_t at_;
};

struct NodeAddress {
  std::uint32_t ttl_s = 0;  // how long it holds
  Address address;
};

class NodeAddresses {
 public:
  NodeAddresses(std::span<const std::byte> data, Family family) : rest_(data), family_(family) {}
  // As NodeNames::next().
  NodeStep next(NodeAddress& address);

 private:
  std::span<const std::byte> rest_;
  Family family_;
};

}  // namespace sonde::wire
