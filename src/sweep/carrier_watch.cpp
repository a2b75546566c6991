// carrier_watch.cpp: see carrier_watch.hpp.
#include "sweep/carrier_watch.hpp"

#include <algorithm>
#include <cstdint>

#include "net/interfaces.hpp"
#include "net/route.hpp"

namespace sonde::sweep {

CarrierWatch::CarrierWatch(const TargetSpace& space, const NetworkOptions& network) {
  constexpr std::uint64_t samples = 64;
  const std::uint64_t step = std::max<std::uint64_t>(1, space.size() / samples);
  for (std::uint64_t index = 0; index < space.size() && index / step < samples; index += step) {
    const auto route = net::find_route(space.at(index), network);
    if (route && !route->interface.empty() && std::ranges::find(devices_, route->interface) == devices_.end())
      devices_.push_back(route->interface);
  }
}

std::optional<std::string> CarrierWatch::lost() const {
  const auto found = std::ranges::find_if(devices_, net::lacks_carrier);
  return found == devices_.end() ? std::nullopt : std::optional(*found);
}

}  // namespace sonde::sweep
