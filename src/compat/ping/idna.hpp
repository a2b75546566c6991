// idna.hpp: names in the user's letters as DNS writes them (IDNA 2008, RFC 5891), by the library that the system's resolver takes.
#pragma once

#include <expected>
#include <string>

namespace sonde::compat::ping {

// "bücher.example" is "xn--bcher-kva.example"; the letters are read as the locale says. Errors: the library's words, as of a
// label of more than 63 letters. Where there is no such library, ASCII stays as it is and the rest is an error.
std::expected<std::string, std::string> encode_name(const std::string& name);

}  // namespace sonde::compat::ping
