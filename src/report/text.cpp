// text.cpp: header, lines and summaries of the text format.
#include "report/text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "report/display.hpp"
#include "report/histogram.hpp"
#include "report/words.hpp"

namespace sonde::report {
namespace {

constexpr std::size_t widest_prefix = 40;

std::string_view way_words(std::string_view transport) {
  if (transport == "icmp") return "ping socket";
  if (transport == "raw") return "raw socket";
  if (transport == "udp") return "UDP to closed ports";
  if (transport == "tcp") return "TCP handshakes";
  return transport;
}

// "icmp+udp" where the families differ.
std::string transport_words(std::string_view transport) {
  std::string words;
  while (!transport.empty()) {
    const auto way = transport.substr(0, transport.find('+'));
    words += fmt::format("{}{}", words.empty() ? "" : " and ", way_words(way));
    transport.remove_prefix(std::min(way.size() + 1, transport.size()));
  }
  return words;
}

// What is sent: a handshake carries no data.
std::string sending_words(const RunStart& run) {
  const std::string way = transport_words(run.transport);
  return run.transport == "tcp" ? way : fmt::format("{} data bytes, {}", run.payload_bytes, way);
}

}  // namespace

TextReporter::TextReporter(const ReportOptions& options, Output& output)
    : output_(output),
      options_(options),
      clock_(options.clock != nullptr ? *options.clock : Clock::system()),
      style_{.width = options.width,
             .unicode = options.unicode,
             .colour = options.colour,
             .rate_limited = options.rate_limited},
      context_{.many_targets = options.many_targets,
               .numeric = options.numeric,
               .unicode = options.unicode,
               .verbose = options.verbose,
               .timeout = options.timeout,
               .usual_clock = "kernel"},
      limiter_(options.clock),
      table_(style_, options.percentiles) {}

void TextReporter::start(const RunStart& run) {
  name_width_ = std::min(run.name_width, widest_prefix);
  if (!run.clock.empty()) context_.usual_clock = run.clock;
  const std::string what = run.only_target ? display_name(*run.only_target, options_.numeric)
                                           : fmt::format("{} targets", run.targets);
  const std::string clock = run.clock == "user" ? "no kernel stamps: times contain this host's own"
                                                : fmt::format("{} time stamps", run.clock);
  output_.write(
      fmt::format("{}: {}, {}\n", paint(what, Colour::bold, options_.colour), sending_words(run), clock));
  for (const TransportNotice& notice : run.notices) {
    if (notice.reason.empty()) continue;
    output_.write(fmt::format("{}: {} ({})\n", to_string(notice.family),
                              transport_words(to_string(notice.taken)), printable(notice.reason)));
  }
}

std::string TextReporter::prefix(const TargetName* target, UnixTime at) {
  std::string text;
  if (options_.timestamps) {
    text = fmt::format("[{}] ", unix_time_text(at == UnixTime{} ? clock_.unix_time() : at, 6));
  }
  if (options_.many_targets) {
    const std::string name = target != nullptr ? display_name(*target, options_.numeric) : "-";
    name_width_ = std::max(name_width_, std::min(display_width(name), widest_prefix));
    text += pad_right(name, name_width_) + "  ";
  }
  return text;
}

void TextReporter::event(const Event& event, const TargetName& target) {
  if (options_.quiet || !limiter_.allow(event.kind)) return;
  const UnixTime at = event.received_at != UnixTime{} ? event.received_at : event.sent_at;
  std::string line = prefix(event.has_target ? &target : nullptr, at);
  line += paint(event_text(event, target, context_), event_colour(event.kind), options_.colour);
  line += '\n';
  if (options_.verbose) {
    const std::string detail = detail_text(event, context_);
    if (!detail.empty()) line += "    " + paint(detail, Colour::dim, options_.colour) + '\n';
  }
  output_.write(line);
}

void TextReporter::resolved(const TargetName& target, std::optional<Address> previous) {
  if (options_.quiet || (!previous && !options_.verbose)) return;
  const std::string name = printable(target.label.empty() ? target.name : target.label);
  std::string line = prefix(nullptr, {});
  if (options_.many_targets) line.resize(line.size() - name_width_ - 2);
  line += previous
              ? fmt::format("{} is now {} (was {})", name, target.address.to_string(), previous->to_string())
              : fmt::format("{} is {}", name, target.address.to_string());
  output_.write(line + '\n');
}

void TextReporter::warning(const TargetName& target, std::string_view text) {
  std::string line = prefix(&target, {});
  line += paint(fmt::format("warning: {}", printable(text)), Colour::yellow, options_.colour);
  output_.write(line + '\n');
}

void TextReporter::interim(const TargetName& target, const Summary& summary) {
  if (options_.many_targets) {
    output_.write(prefix(&target, {}) + "so far: " + summary_line(summary.figures, style_) + '\n');
    return;
  }
  output_.write(fmt::format("--- {}, so far ---\n", display_name(target, options_.numeric)));
  output_.write(summary_block(summary, style_, true));
  output_.write("---\n");
}

void TextReporter::summary(const TargetName& target, const Summary& summary) {
  const std::string name = display_name(target, options_.numeric);
  std::string histogram;
  if (options_.histogram) histogram = histogram_text(summary.histogram, options_.width, options_.unicode);
  if (options_.many_targets) {
    if (summaries_++ == 0) output_.write("\n");
    if (target.transport.empty() ||
        asked_again_.insert(target.name + ' ' + target.address.to_string()).second)
      ++targets_;
    output_.write(table_.add(name, summary));
    if (!histogram.empty()) histograms_ += fmt::format("\n{}\n{}", name, histogram);
    return;
  }
  output_.write(fmt::format("\n--- {} ---\n", paint(name, Colour::bold, options_.colour)));
  output_.write(summary_block(summary, style_, false));
  output_.write(histogram);
}

void TextReporter::end(const Totals& totals, const Figures& merged) {
  if (options_.many_targets) {
    output_.write(table_.finish());
    output_.write(histograms_);
    output_.write(fmt::format("\n{} in {}, loss {}\n{}\n", counted(targets_, "target", "targets"),
                              duration_text(totals.elapsed, options_.unicode),
                              merged.loss_ratio ? percent_text(*merged.loss_ratio) : "unknown",
                              counts_text(merged, false)));
  } else {
    output_.write(fmt::format("{:<8}{}\n", "time", duration_text(totals.elapsed, options_.unicode)));
  }
  output_.write(totals_remarks(totals, options_.verbose, style_));
  if (limiter_.suppressed() > 0) {
    output_.write(fmt::format(
        "{} lines about duplicates, rejected packets and notes not shown (at most {} a second are)\n",
        limiter_.suppressed(), LineLimiter::lines_per_second));
  }
}

}  // namespace sonde::report
