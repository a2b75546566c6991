// own_address.hpp: which of this host's addresses packets to a peer are sent from.
#pragma once

#include <optional>
#include <utility>

#include "net/file_descriptor.hpp"
#include "sonde/address.hpp"
#include "sonde/options.hpp"

namespace sonde::net {

// Asks the kernel's routes by connecting a UDP socket, which sends nothing; some microseconds each time. One thread at a
// time.
class OwnAddress {
 public:
  // As sockets with these options send.
  explicit OwnAddress(NetworkOptions options) : options_(std::move(options)) {}

  // nullopt: there is no route, or the options do not hold for the peer's family.
  std::optional<Address> towards(const Address& peer);

 private:
  NetworkOptions options_;
  FileDescriptor ipv4_, ipv6_;  // opened when first needed
};

}  // namespace sonde::net
