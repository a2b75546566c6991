// environments.hpp: the environments that `auto` and the doctor have to see through, each built for real: user, group
// range, capability bounding set, seccomp filter, packet filter, addresses and routes.
//
// The far end is the lab's: hosts that answer echo requests, UDP (a port unreachable) and TCP port 443 after `far_delay`.
#pragma once

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "trouble/program.hpp"

namespace sonde::trouble {

inline constexpr std::chrono::nanoseconds far_delay = std::chrono::milliseconds(5);

struct Environment {
  std::string name{};
  std::string way{};              // that `auto` ends on
  std::string nft{};              // rules of this host
  std::string ip{};               // lines of `ip -batch`, after the lab's own
  bool ping_sockets_open = true;  // to everybody; false: to nobody, as the kernel begins
  User user = User::ordinary;
  Words wrapper{};  // what starts the program
  bool (*before_exec)() = nullptr;
  Words answering = {"10.77.0.1", "fd77::1"};
  Words unreachable{};                    // targets beside those
  Words reason{};                         // what the report's head says of each family
  Words notice{};                         // what standard error says when `auto` leaves a way
  std::map<std::string, Words> closed{};  // way -> cause and errno, as the doctor has them
  std::map<std::string, Words>
      shut{};  // open way -> why it is of no use, in the doctor's words: by IPv4 and by IPv6

  Words targets() const { return answering + unreachable; }
};
void PrintTo(const Environment& environment, std::ostream* out);

const std::vector<Environment>& environments();

// The simulated network with one environment on its near side. Skips where this user cannot make it.
class InEnvironment : public ::testing::TestWithParam<Environment> {
 protected:
  void SetUp() override;

  // `sonde ping --format json ARGUMENTS TARGETS`.
  Finished ping(const Words& arguments) const;
  nlohmann::json doctor(const std::string& target) const;
  const lab::SimulatedNetwork& network() const { return *network_; }

 private:
  Finished run(const Words& words) const;

  std::unique_ptr<lab::SimulatedNetwork> network_;
};
std::string environment_name(const ::testing::TestParamInfo<Environment>& instance);

// The way that an address was asked by in the end.
std::string last_way(const SondeRun& run, const std::string& address);

}  // namespace sonde::trouble
