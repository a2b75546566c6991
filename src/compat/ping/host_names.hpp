// host_names.hpp: answering hosts as lines name them: "name (address)", or the address alone.
#pragma once

#include <string>
#include <unordered_map>

#include "sonde/address.hpp"

namespace sonde::compat::ping {

class HostNames {
 public:
  explicit HostNames(bool look_up) : look_up_(look_up) {}

  // The first time an address is asked for this waits for the resolver. Good until the next call.
  const std::string& of(const Address& address);
  // From now on names that are not known are not asked for.
  void stop() { look_up_ = false; }

 private:
  bool look_up_;
  std::unordered_map<Address, std::string> known_;
};

}  // namespace sonde::compat::ping
