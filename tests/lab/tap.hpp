// tap.hpp: every packet of a device as a packet socket sees it, with the kernel's stamps: a truth that neither sonde nor the
// responder has a hand in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lab/network.hpp"
#include "lab/packet.hpp"

namespace sonde::lab {

struct TappedPacket {
  std::int64_t unix_ns = 0;
  bool outgoing = false;
  Bytes bytes;  // from the IP header on
};

class Tap {
 public:
  // Sees what passes from now on. Throws LabError; needs root, for a thread cannot enter a user namespace.
  Tap(const Namespace& space, const std::string& device);

  // What has passed since the last call, in order. A packet is there before the call that sent it returns.
  std::vector<TappedPacket> packets();

 private:
  Descriptor socket_;
};

}  // namespace sonde::lab
