// words.hpp: figures and outcomes as a person reads them: durations with units, percentages, reasons, names.
#pragma once

#include <string>
#include <string_view>

#include "report/reporter.hpp"

namespace sonde::report {

// A measured duration with three significant digits and its unit: "43.2 µs", "1.00 ms", "999 ns", "12.3 s",
// "2m05s", "3h07m", "5d11h". At most 7 columns wide up to 99 days. `unicode` false: "us".
std::string duration_text(Nanoseconds duration, bool unicode = true);

// A duration somebody chose, exactly: "1 s", "1.5 s", "200 ms".
std::string setting_text(Nanoseconds duration, bool unicode = true);

// A ratio 0-1 as a percentage of at most 6 columns. "0%" and "100%" mean exactly that: what lies closer to
// them than two digits show is "<0.01%" or ">99.9%".
std::string percent_text(double ratio);

// "1 answer", "2 answers".
std::string counted(std::uint64_t count, std::string_view singular, std::string_view plural);

// "p50", "p99.9".
std::string percentile_name(double percentile);

// Whether RttFigures holds this percentile, so that it is always shown, asked for or not.
constexpr bool is_standard_percentile(double percentile) {
  constexpr double nearness = 1e-9;
  for (const double standard : {50.0, 90.0, 99.0}) {
    if (percentile > standard - nearness && percentile < standard + nearness) return true;
  }
  return false;
}

// "host unreachable", "time to live exceeded". For `neighbour` and `local_error` see outcome_text.
std::string_view reason_text(ErrorReason reason);

// A flag in words; `verbose_only` flags say how the figure came about and change nothing about its meaning.
struct FlagWords {
  std::string_view words;
  bool verbose_only = false;
};
FlagWords flag_words(EventFlag flag);

// The target as a person knows it, safe to print: label, host name or name, then the address in parentheses
// when that is not the name already.
std::string display_name(const TargetName& target, bool numeric);

// Calls `use` with every flag that is set, in the order of their bits.
template <typename Use>
void for_each_flag(EventFlags flags, Use use) {
  for (std::uint32_t bits = flags.bits(); bits != 0; bits &= bits - 1)
    use(static_cast<EventFlag>(bits & ~(bits - 1)));
}

}  // namespace sonde::report
