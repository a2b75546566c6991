// host_names.hpp: answering hosts as lines name them: "name (address)", or the address alone.
#pragma once

#include <string>
#include <unordered_map>

#include "sonde/address.hpp"

namespace sonde::compat::ping {

class HostNames {
 public:
  // Nobody waits for a slow resolver once `interrupt` can be read.
  HostNames(bool look_up, int interrupt) : look_up_(look_up), interrupt_(interrupt) {}

  // The first time an address is asked for this waits for the resolver, or until it is interrupted: then the address alone
  // has to do, and the next call asks again. Good until the next call.
  const std::string& of(const Address& address);
  // From now on names that are not known are not asked for.
  void stop() { look_up_ = false; }

 private:
  const std::string& keep(const Address& address, std::string text);

  bool look_up_;
  int interrupt_;
  std::unordered_map<Address, std::string> known_;
  std::string unnamed_;  // what an interrupted call answered
};

}  // namespace sonde::compat::ping
