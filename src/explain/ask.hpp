// ask.hpp: sends one probe and watches it.
#pragma once

#include <functional>

#include "explain/explanation.hpp"
#include "sonde/error.hpp"

namespace sonde::explain {

struct Question {
  std::string name;  // as the user gave it
  Address address;
  TransportKind transport = TransportKind::automatic;  // not tcp: a handshake has no stamps
  NetworkOptions network{};
  std::uint16_t payload_bytes = 56;
  Nanoseconds timeout = std::chrono::seconds(1);
  std::function<void()> on_opened{};  // called when the socket is open and nothing was sent yet; may be empty
};

// Blocks until the answer, or for `timeout`. What becomes of the probe is the explanation's verdict, not an error.
// Errors: those of opening a socket with these options; unavailable where only TCP is open.
Result<Explanation> ask(const Question& question);

}  // namespace sonde::explain
