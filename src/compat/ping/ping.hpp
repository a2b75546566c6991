// ping.hpp: sonde called "ping", "ping4" or "ping6": iputils' ping, release 20250605.
#pragma once

namespace sonde::compat::ping {

// As main(). `arguments[0]` stands before its messages, and decides the family where it ends in 4 or 6.
int ping(int count, char** arguments);

}  // namespace sonde::compat::ping
