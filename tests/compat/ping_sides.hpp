// ping_sides.hpp: what tests of ping's face have in common: a network for each side, and what releases of ping before 2024
// write differently, made equal.
#pragma once

#include <string>
#include <string_view>

#include "compat/sides.hpp"
#include "lab/network.hpp"

namespace sonde::compat_test {

// The original's release: 20221126 in Debian 12.
int original_release();

// Before 20240117: "PING ::1(::1) 56 data bytes", without the blank, and "PING localhost(localhost (::1))".
std::string modern(std::string text);

// With "T" for every time: addresses, counts and all else stay.
std::string timeless(const std::string& text);

// Both have the same streams, but for times, and the same status.
void expect_same(const Sides& sides);

// A simulated network for each side, as its hosts remember how often they were asked.
class NetworkPair {
 public:
  explicit NetworkPair(std::string_view scenario, lab::SimulatedNetworkOptions options = {})
      : for_original_(scenario, options), for_face_(scenario, options) {}

  // Both at once.
  Sides run(const Words& words, std::string_view tool = "ping", lab::User user = lab::User::root) const;
  // Runs and compares.
  void compare(const Words& words, std::string_view tool = "ping",
               lab::User user = lab::User::ordinary) const;

 private:
  lab::SimulatedNetwork for_original_, for_face_;
};

}  // namespace sonde::compat_test
