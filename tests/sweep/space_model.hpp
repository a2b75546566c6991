// space_model.hpp: a space as a std::set of addresses: slow, and plain enough to be right.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "net/special_ranges.hpp"
#include "sonde/address.hpp"

namespace sonde::sweep {

inline AddressRange range(const std::string& text) {
  return AddressRange::parse(text).value();
}

class SpaceModel {
 public:
  void add(const AddressRange& range) {
    for_each(range, [this](const Address& address) { named_.insert(address); });
  }
  void exclude(const AddressRange& range) {
    for_each(range, [this](const Address& address) { excluded_.insert(address); });
  }
  void allow_special() { allow_special_ = true; }

  std::uint64_t named() const { return named_.size(); }
  std::uint64_t excluded() const {
    std::uint64_t count = 0;
    for (const Address& address : named_) count += excluded_.contains(address) ? 1U : 0U;
    return count;
  }
  // IPv4 before IPv6, each ascending, as Address compares.
  std::vector<Address> addresses() const {
    std::vector<Address> left;
    for (const Address& address : named_) {
      const bool special =
          address.is_broadcast() || (!allow_special_ && net::find_special(address) != nullptr);
      if (!special && !excluded_.contains(address)) left.push_back(address);
    }
    return left;
  }

 private:
  template <typename Visit>
  static void for_each(const AddressRange& range, Visit visit) {
    for (Address address = range.first();; address = *address.plus(1)) {
      visit(address);
      if (address == range.last()) return;
    }
  }

  std::set<Address> named_, excluded_;
  bool allow_special_ = false;
};

}  // namespace sonde::sweep
