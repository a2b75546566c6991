// interfaces.hpp: this host's network devices and addresses, as they are now in this network namespace.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sonde/address.hpp"
#include "sonde/error.hpp"

namespace sonde::net {

struct Interface {
  std::string name;
  std::uint32_t index = 0;
  bool is_up = false;  // administratively up and with carrier
  bool is_loopback = false;
  std::uint32_t mtu = 0;  // bytes; 0: not told
  std::vector<Address> addresses;
};

// By index. Errors: system.
Result<std::vector<Interface>> list_interfaces();

// Whether the device cannot send as it has no carrier (or another condition of RFC 2863's ifOperStatus): the kernel throws away
// what is sent by it, and says nothing of that. False where that is not known.
bool lacks_carrier(const std::string& name);

// Errors: not_found.
Result<std::uint32_t> interface_index(const std::string& name);
Result<std::string> interface_name(std::uint32_t index);

// Whether `address` is one of this host's (all of 127.0.0.0/8 is). An address with a zone must be on that
// interface.
bool is_own_address(const Address& address, std::span<const Interface> interfaces);
Result<bool> is_own_address(const Address& address);

}  // namespace sonde::net
