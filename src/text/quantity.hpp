// quantity.hpp: reads numbers with units: durations, rates, sizes.
#pragma once

#include <string_view>

#include "sonde/time.hpp"
#include "text/number.hpp"

namespace sonde::text {

// "200ms", "1.5s", "2m", "500us", "1h", "1d", "80ns"; a bare number is seconds. 0 or more, up to ten years. A
// value that is not 0 but less than a nanosecond is refused.
Parsed<Nanoseconds> parse_duration(std::string_view text);
// The same, refusing 0.
Parsed<Nanoseconds> parse_positive_duration(std::string_view text);

// Packets per second, more than 0: "100k", "2.5M", "1000/s".
Parsed<double> parse_rate(std::string_view text);

// Bytes: a whole number, or with K, KiB, M or MiB behind it (powers of 1024); 1 to 1 GiB.
Parsed<int> parse_buffer_size(std::string_view text);

}  // namespace sonde::text
