// route_check.hpp: asks the kernel, by a UDP socket that sends nothing, whether and from where a destination is reached.
#pragma once

#include <expected>

#include "compat/ping/options.hpp"
#include "compat/ping/voice.hpp"
#include "net/file_descriptor.hpp"
#include "sonde/address.hpp"

namespace sonde::compat::ping {

// A step failed for `system_errno`; `what` is what ping calls it. Nothing in `what`: there is no route, and another address
// of the host may have one.
struct RouteFailure {
  std::string what;
  int system_errno = 0;
};

class RouteCheck {
 public:
  RouteCheck(const Options& options, Family family) : options_(&options), family_(family) {}

  std::expected<void, RouteFailure> open();
  // Has to come before the others. `towards`: multicast is sent by another rule.
  std::expected<void, RouteFailure> bind_to_device(const Address& towards);
  std::expected<void, RouteFailure> set_tos();
  // errno; 0: it holds, or none was asked for.
  int set_mark();
  // errno of connect(2).
  int connect(const Address& towards);
  std::expected<void, RouteFailure> allow_broadcast();
  // errno of bind(2).
  int bind(const Address& source);
  std::expected<Address, RouteFailure> source() const;

 private:
  const Options* options_;
  Family family_;
  net::FileDescriptor socket_;
};

}  // namespace sonde::compat::ping
