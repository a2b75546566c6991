// icmp_filter.hpp: a socket filter that lets only one identifier's answers into a raw socket.
//
// A raw socket is handed every ICMP packet of the host. This classic BPF program (SO_ATTACH_FILTER) runs in the kernel
// before a packet takes receive buffer: it passes answers with our identifier, ICMP errors that quote a request with it,
// and IPv6 redirects, whose quote lies behind options that the filter does not walk.
#pragma once

#include <cstdint>

#include "sonde/address.hpp"
#include "sonde/error.hpp"
#include "sonde/options.hpp"

namespace sonde::transport {

// For requests of this kind. Errors: system.
Result<void> attach_icmp_filter(int descriptor, Family family, ProbeMessage message,
                                std::uint16_t identifier);

}  // namespace sonde::transport
