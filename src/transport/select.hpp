// select.hpp: picks the way of asking that needs the least privilege, and says why.
#pragma once

#include "sonde/options.hpp"
#include "transport/transport.hpp"

namespace sonde::transport {

// Opens a transport of `options.kind`; `automatic` tries ICMP datagram sockets, which need no privilege, then raw sockets,
// with CAP_NET_RAW raised for the moment where it is permitted, then UDP, then TCP, and says why it left the first.
// Errors: permission_denied naming ids, range, capabilities and the command that opens it when all are closed;
// otherwise that of the option that could not be set.
Result<OpenedTransport> open_transport(Family family, const TransportOptions& options);

}  // namespace sonde::transport
