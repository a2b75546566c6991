// doctor_options.hpp: what `sonde doctor` was asked to do, as validated plain values.
#pragma once

#include <optional>
#include <string>

#include "report/format.hpp"
#include "sonde/address.hpp"

namespace sonde::cli {

struct DoctorOptions {
  std::optional<std::string> target;             // a name or an address; checked to be one or the other
  report::Format format = report::Format::text;  // text or json
  std::optional<Family> family;                  // unset: both; a numeric target is never of the other

  friend bool operator==(const DoctorOptions&, const DoctorOptions&) = default;
};

}  // namespace sonde::cli
