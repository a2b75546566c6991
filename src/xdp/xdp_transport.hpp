// xdp_transport.hpp: echo requests past the kernel's IP stack, by AF_XDP.
//
// A probe whose next hop on the device is known goes as a finished frame into the send ring; every other one, and what is too
// long for a frame, goes by a raw socket with the same identifier. So the kernel finds neighbours, and what it routes
// elsewhere, or refuses, is as it would be without rings. Answers come by the receive rings where the device has the program
// (answers.bpf.c), with the time at which that saw them, else by the raw socket, with the kernel's stamp. ICMP errors
// always come by the raw socket. While the device is down nothing is decided: probes wait. There are no TX stamps: a probe left between the begin and the end of its send call.
//
// The transports of a thread share its rings. One of them reads these, and gives what came by them as it is, whichever family
// and identifier it has: whose answer it is, the identifier says.
#pragma once

#include <memory>

#include "transport/transport.hpp"
#include "xdp/next_hops.hpp"
#include "xdp/rings.hpp"

namespace sonde::xdp {

struct TransportParts {
  std::unique_ptr<transport::Transport> raw;
  std::shared_ptr<Rings> rings;  // of the thread
  NextHops hops;
  EthernetAddress own;  // the device's
  bool reads_rings;     // as no other one of these rings
};

std::unique_ptr<transport::Transport> make_transport(TransportParts parts,
                                                     const transport::TransportOptions& options);

}  // namespace sonde::xdp
