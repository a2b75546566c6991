// payload.hpp: the bytes behind the token, and whether they came back unchanged.
//
// An empty pattern means that byte i of the payload is i modulo 256, as ping has it. Any other pattern is
// repeated from behind the token on. A payload shorter than a token has none: it is pattern from its first
// byte.
#pragma once

#include <cstddef>
#include <span>

namespace sonde::wire {

// Fills all of `payload` but the token's place, which is left as it is.
void fill_payload(std::span<std::byte> payload, std::span<const std::byte> pattern = {});

// Whether all behind the token is what fill_payload wrote. A payload that came back longer or shorter is
// compared by passing the part that both have (it holds a token if the one sent did, else see above).
bool payload_matches(std::span<const std::byte> payload, std::span<const std::byte> pattern = {});

}  // namespace sonde::wire
