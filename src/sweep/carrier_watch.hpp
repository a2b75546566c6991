// carrier_watch.hpp: the devices that a sweep leaves by, and whether one of them has lost its carrier.
//
// The kernel throws away what is sent by a device without a carrier, and says nothing. Of a sweep's probe nothing is kept that
// could tell, so nothing is sent meanwhile. What left between two looks is silent, unless --retry asks again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sonde/options.hpp"
#include "sweep/target_space.hpp"

namespace sonde::sweep {

class CarrierWatch {
 public:
  // Looks up by which devices some of the addresses are reached.
  CarrierWatch(const TargetSpace& space, const NetworkOptions& network);

  // A device without a carrier now. One system call for each device.
  std::optional<std::string> lost() const;

 private:
  std::vector<std::string> devices_;
};

}  // namespace sonde::sweep
