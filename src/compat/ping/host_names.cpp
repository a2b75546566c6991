// host_names.cpp: see host_names.hpp.
#include "compat/ping/host_names.hpp"

#include "compat/lookup.hpp"

namespace sonde::compat::ping {

const std::string& HostNames::of(const Address& address) {
  // Whoever forges sources must not fill memory.
  constexpr std::size_t most_known = 4096;
  const auto found = known_.find(address);
  if (found != known_.end()) return found->second;
  if (known_.size() >= most_known) known_.clear();
  std::string text = address.to_string();
  if (look_up_) {
    const auto name = name_of(address);
    if (name && *name != text) text = *name + " (" + text + ")";
  }
  return known_.emplace(address, std::move(text)).first->second;
}

}  // namespace sonde::compat::ping
