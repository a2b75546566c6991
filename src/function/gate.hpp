// gate.hpp: which addresses a function may be made to probe.
//
// Whoever may send events can look at the network the function runs in, so special-purpose addresses
// (net/special_ranges.hpp) are refused unless allowed. An IPv6 address that leads to an IPv4 one is refused when either
// of the two is.
// Immutable after construction; callable from any thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "sonde/address.hpp"

namespace sonde::function {

class Gate {
 public:
  // `allowed`: ranges that pass although they are special.
  explicit Gate(std::vector<AddressRange> allowed = {}) : allowed_(std::move(allowed)) {}

  // What the address is, where it is refused for that: "private use (RFC 1918)"; nullopt: it may be probed.
  std::optional<std::string_view> refusal(const Address& address) const;

 private:
  bool is_allowed(const Address& address) const;

  std::vector<AddressRange> allowed_;
};

// "PREFIX,PREFIX", as AddressRange::parse() reads each; empty parts are left out. Errors: invalid_argument.
Result<std::vector<AddressRange>> parse_allowed(std::string_view text);

}  // namespace sonde::function
