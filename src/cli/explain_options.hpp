// explain_options.hpp: what `sonde explain` was asked to do, as validated plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "report/format.hpp"
#include "sonde/address.hpp"
#include "sonde/options.hpp"

namespace sonde::cli {

struct ExplainOptions {
  std::string target;                                  // a name or an address; checked to be one or the other
  std::optional<Family> family;                        // of -4 or -6, else that of the source
  TransportKind transport = TransportKind::automatic;  // never tcp
  NetworkOptions network;
  std::uint16_t size_bytes = 56;  // payload, 0 to 65,507
  Nanoseconds timeout = std::chrono::seconds(1);
  report::Format format = report::Format::text;  // text or json
  std::string svg_file;                          // empty: none
  bool force = false;                            // replace a file that holds something else

  friend bool operator==(const ExplainOptions&, const ExplainOptions&) = default;
};

}  // namespace sonde::cli
