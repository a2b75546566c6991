// loopback_socket.hpp: sending one packet to this host itself and reading what comes of it, for the checks.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "net/control_message.hpp"
#include "net/socket_address.hpp"
#include "sonde/address.hpp"
#include "sonde/time.hpp"

namespace sonde::doctor {

// The most that anything here waits for a packet that this host sends to itself.
inline constexpr Nanoseconds loopback_patience = std::chrono::milliseconds(40);

// An ICMP echo request with its checksum, to be told from others by number and payload.
std::vector<std::byte> echo_request(Family family, std::uint16_t identifier, std::uint16_t sequence);

// Sends `message`; 0 or the errno.
int send_to(int descriptor, const net::SocketAddress& to, std::span<const std::byte> message);

// One message that a socket or its error queue had.
struct Received {
  std::vector<std::byte> bytes;
  bool has_stamp = false;                   // an RX stamp
  std::optional<net::ExtendedError> error;  // of the error queue
};
// The next one; nullopt: none is there. `flags` is 0 or MSG_ERRQUEUE.
std::optional<Received> receive(int descriptor, int flags);
// Waits for anything on socket or error queue; false when `until` has come.
bool wait_for(int descriptor, MonotonicTime until);

}  // namespace sonde::doctor
