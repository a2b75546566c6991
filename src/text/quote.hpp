// quote.hpp: what was read, as a message shows it.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace sonde::text {

// In double quotes, on one line, valid UTF-8: cut after some 60 bytes, with all that printable() escapes as
// \xNN or \uNNNN.
std::string in_quotes(std::string_view text);

// `"TEXT" REASON`, as an error.
std::unexpected<std::string> refuse(std::string_view text, std::string_view reason);

}  // namespace sonde::text
