// status_line.cpp: see status_line.hpp.
#include "sweep/status_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/words.hpp"

namespace sonde::sweep {
namespace {

using std::chrono::seconds;

constexpr Nanoseconds first_estimate = seconds(5);

// "0:05", "12:07", "3:00:00", "2d 03:00:00".
std::string clock_text(Nanoseconds duration) {
  const std::int64_t all = std::max<std::int64_t>(0, std::chrono::round<seconds>(duration).count());
  const std::int64_t days = all / 86'400, hours = all / 3'600 % 24, minutes = all / 60 % 60, rest = all % 60;
  if (days > 0) return fmt::format("{}d {:02}:{:02}:{:02}", days, hours, minutes, rest);
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, rest);
  return fmt::format("{}:{:02}", minutes, rest);
}

std::string with_commas(std::uint64_t number) {
  std::string text = fmt::format("{}", number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

// "112/s", "10.3 k/s", "1.20 M/s".
std::string rate_text(double per_second) {
  struct Scale {
    double one;
    const char* unit;
  };
  for (const Scale scale : {Scale{1e9, " G/s"}, Scale{1e6, " M/s"}, Scale{1e3, " k/s"}}) {
    if (per_second < 0.9995 * scale.one) continue;
    const double value = per_second / scale.one;
    return fmt::format("{:.{}f}{}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, scale.unit);
  }
  return fmt::format("{:.0f}/s", per_second);
}

double rate(std::uint64_t before, std::uint64_t now, Nanoseconds between) {
  if (now <= before || between <= Nanoseconds::zero()) return 0;
  return static_cast<double>(now - before) / std::chrono::duration<double>(between).count();
}

Nanoseconds scaled(Nanoseconds duration, double factor) {
  constexpr double most = 1e17;  // three years
  return Nanoseconds(
      static_cast<std::int64_t>(std::clamp(static_cast<double>(duration.count()) * factor, 0.0, most)));
}

double part(std::uint64_t done, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(done) / static_cast<double>(whole);
}

}  // namespace

SweepProgress sweep_progress(const StatusSample& now, const StatusBounds& bounds) {
  const Nanoseconds age = now.at - bounds.started;
  std::optional<Nanoseconds> left;
  if (bounds.sending_ended) {
    left = std::max(Nanoseconds::zero(), *bounds.sending_ended + bounds.linger - now.at);
  } else if (age >= first_estimate) {
    const double by_time = bounds.max_runtime ? std::chrono::duration<double>(age) /
                                                    std::chrono::duration<double>(*bounds.max_runtime)
                                              : 0;
    const std::array parts{part(now.counts.sent + now.counts.refused, bounds.probes),
                           part(now.written, bounds.max_results), by_time};
    const double furthest = std::min(1.0, *std::ranges::max_element(parts));
    if (furthest > 0) left = scaled(age, (1 - furthest) / furthest) + bounds.linger;
  }
  if (!left) return {.done = 0, .left = std::nullopt};
  const Nanoseconds whole = age + *left;
  if (whole <= Nanoseconds::zero()) return {.done = 1, .left = left};
  return {.done = std::chrono::duration<double>(age) / std::chrono::duration<double>(whole), .left = left};
}

std::string status_line(const StatusSample& before, const StatusSample& now, const StatusBounds& bounds) {
  const Nanoseconds age = now.at - bounds.started, between = now.at - before.at;
  const SweepProgress progress = sweep_progress(now, bounds);
  // 100% is said at the end alone.
  const int percent =
      std::clamp(static_cast<int>(progress.done * 100), 0, progress.left == Nanoseconds(0) ? 100 : 99);
  std::string line = fmt::format("{} {:>3}%", clock_text(age), percent);
  if (progress.left) line += fmt::format(" ({} left)", clock_text(*progress.left));
  line += fmt::format("; sent {}", with_commas(now.counts.sent));
  if (bounds.sending_ended) {
    line += fmt::format(", done ({} mean)",
                        rate_text(rate(0, now.counts.sent, *bounds.sending_ended - bounds.started)));
  } else {
    line += fmt::format(", {} ({} mean)", rate_text(rate(before.counts.sent, now.counts.sent, between)),
                        rate_text(rate(0, now.counts.sent, age)));
  }
  if (now.counts.refused > 0) line += fmt::format("; refused {}", with_commas(now.counts.refused));
  line += fmt::format("; answers {}, {}; drops {}", with_commas(now.counts.answering),
                      rate_text(rate(before.counts.answering, now.counts.answering, between)),
                      with_commas(now.counts.receive_drops));
  if (now.counts.receive_drops > before.counts.receive_drops) {
    line +=
        fmt::format(", {}", rate_text(rate(before.counts.receive_drops, now.counts.receive_drops, between)));
  }
  line += fmt::format("; hit rate {}",
                      now.asked > 0 ? report::percent_text(part(now.counts.answering, now.asked)) : "-");
  return line;
}

}  // namespace sonde::sweep
