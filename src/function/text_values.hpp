// text_values.hpp: reads the values that an event's fields hold, and the encodings they come in.
//
// Every function reads its whole argument or refuses it. Pure and bounded; callable from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sonde::function {

// "true" or "1", "false" or "0".
std::optional<bool> read_truth(std::string_view text);

// A numeric address, or what text/host_name takes for a name.
bool is_plausible_target(std::string_view text);

// RFC 3986 percent-encoding, with '+' for a space as forms have it. nullopt: a broken escape.
std::optional<std::string> percent_decoded(std::string_view text);

// RFC 4648 section 4, with or without padding. nullopt: anything else.
std::optional<std::string> base64_decoded(std::string_view text);

}  // namespace sonde::function
