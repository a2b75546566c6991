// prometheus.cpp: figures as a Prometheus exposition.
#include "report/prometheus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "report/display.hpp"
#include "report/histogram.hpp"

namespace sonde::report {
namespace {

using namespace std::chrono_literals;

constexpr auto bucket_edges = std::to_array<Nanoseconds>({
    10us, 20us, 50us,  100us, 200us, 500us, 1ms, 2ms, 5ms, 10ms,
    20ms, 50ms, 100ms, 200ms, 500ms, 1s,    2s,  5s,  10s,
});

double seconds(Nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

struct Counter {
  std::string_view name, help;
  std::uint64_t Figures::* value;
};
constexpr auto counters = std::to_array<Counter>({
    {"ping_sent_total", "Probes handed to the send call.", &Figures::sent},
    {"ping_received_total", "Probes answered in time.", &Figures::received},
    {"ping_lost_total", "Probes without an answer.", &Figures::lost},
    {"ping_late_total", "Probes answered after their timeout.", &Figures::late},
    {"ping_errors_total", "Probes that an ICMP error came back for.", &Figures::errors},
    {"ping_local_errors_total", "Probes that never left this host, because the send call failed.",
     &Figures::local},
    {"ping_duplicates_total", "Further answers to probes that had one.", &Figures::duplicates},
    {"ping_rejected_total", "Packets from the target's address that answer no probe.", &Figures::rejected},
    {"ping_suspect_total", "Of the lost probes, those that this host may have dropped itself.",
     &Figures::suspect},
});

struct RunCounter {
  std::string_view name, help;
  std::uint64_t Totals::* value;
};
constexpr auto run_counters = std::to_array<RunCounter>({
    {"ping_foreign_packets_total", "Packets that answer no probe and fit no target.", &Totals::rejected},
    {"ping_receive_drops_total", "Answers this host dropped for want of receive buffer.",
     &Totals::receive_drops},
    {"ping_stamp_drops_total", "Transmit stamps that were asked for and never came back.",
     &Totals::stamp_drops},
    {"ping_skipped_sends_total", "Sends left out because this process was stalled.", &Totals::skipped_sends},
    {"ping_clock_steps_total", "Times the wall clock was set during the run.", &Totals::clock_steps},
});

}  // namespace

std::string escape_label(std::string_view value) {
  std::string result;
  while (!value.empty()) {
    const DecodedCharacter character = decode_utf8(value);
    if (!character.valid) {
      result += "\uFFFD";
    } else if (value.front() == '\n') {
      result += "\\n";
    } else {
      if (value.front() == '"' || value.front() == '\\') result += '\\';
      result.append(value.substr(0, character.length));
    }
    value.remove_prefix(character.length);
  }
  return result;
}

PrometheusReporter::PrometheusReporter(const ReportOptions& options, Output& output)
    : output_(output), histogram_(options.histogram) {}

void PrometheusReporter::start(const RunStart& run) {
  run_labels_ = fmt::format("version=\"{}\",transport=\"{}\",clock=\"{}\"", escape_label(run.version),
                            escape_label(run.transport), escape_label(run.clock));
}

void PrometheusReporter::summary(const TargetName& target, const Summary& summary) {
  const std::string address = target.address.to_string();
  Series series;
  series.labels =
      fmt::format("target=\"{}\",address=\"{}\"", escape_label(target.name.empty() ? address : target.name),
                  escape_label(address));
  if (!target.label.empty()) series.labels += fmt::format(",label=\"{}\"", escape_label(target.label));
  series.figures = summary.figures;
  if (histogram_) {
    series.buckets = count_between(summary.histogram, bucket_edges);
  } else {
    series.percentiles = summary.percentiles;
  }
  series_.push_back(std::move(series));
}

void PrometheusReporter::write_family(std::string_view name, std::string_view type, std::string_view help) {
  output_.write(fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type));
}

void PrometheusReporter::write_sample(std::string_view name, std::string_view labels, double value) {
  output_.write(labels.empty() ? fmt::format("{} {}\n", name, value)
                               : fmt::format("{}{{{}}} {}\n", name, labels, value));
}

void PrometheusReporter::write_sample(std::string_view name, std::string_view labels, std::uint64_t value) {
  output_.write(labels.empty() ? fmt::format("{} {}\n", name, value)
                               : fmt::format("{}{{{}}} {}\n", name, labels, value));
}

void PrometheusReporter::write_rtt() {
  write_family("ping_rtt_seconds", histogram_ ? "histogram" : "summary",
               "Round-trip time of the probes answered in time.");
  for (const Series& series : series_) {
    const std::optional<RttFigures>& rtt = series.figures.rtt;
    std::uint64_t count = series.figures.received;
    if (histogram_) {
      count = 0;
      for (std::size_t index = 0; index < series.buckets.size(); ++index) {
        count += series.buckets[index];
        const std::string edge =
            index < bucket_edges.size() ? fmt::format("{}", seconds(bucket_edges[index])) : "+Inf";
        write_sample("ping_rtt_seconds_bucket", fmt::format("{},le=\"{}\"", series.labels, edge), count);
      }
    } else if (rtt) {
      std::map<double, Nanoseconds> quantiles{{0.5, rtt->p50}, {0.9, rtt->p90}, {0.99, rtt->p99}};
      for (const auto& [percentile, value] : series.percentiles) quantiles.emplace(percentile / 100, value);
      for (const auto& [quantile, value] : quantiles) {
        write_sample("ping_rtt_seconds", fmt::format("{},quantile=\"{:.10g}\"", series.labels, quantile),
                     seconds(value));
      }
    }
    const double mean = rtt ? seconds(rtt->mean) : 0;
    write_sample("ping_rtt_seconds_sum", series.labels, mean * static_cast<double>(count));
    write_sample("ping_rtt_seconds_count", series.labels, count);
  }
}

void PrometheusReporter::write_target_metrics(const Totals& totals) {
  const auto gauge = [this](std::string_view name, std::string_view help, auto value_of) {
    write_family(name, "gauge", help);
    for (const Series& series : series_) {
      const std::optional<double> value = value_of(series.figures);
      if (value) write_sample(name, series.labels, *value);
    }
  };
  const auto rtt_gauge = [&gauge](std::string_view name, std::string_view help,
                                  Nanoseconds RttFigures::* field) {
    gauge(name, help, [field](const Figures& figures) {
      return figures.rtt ? std::optional((seconds((*figures.rtt).*field))) : std::nullopt;
    });
  };
  const auto duration_gauge = [&gauge](std::string_view name, std::string_view help,
                                       std::optional<Nanoseconds> Figures::* field) {
    gauge(name, help, [field](const Figures& figures) {
      return figures.*field ? std::optional(seconds(*(figures.*field))) : std::nullopt;
    });
  };
  rtt_gauge("ping_rtt_min_seconds", "Shortest round-trip time.", &RttFigures::min);
  rtt_gauge("ping_rtt_max_seconds", "Longest round-trip time.", &RttFigures::max);
  rtt_gauge("ping_rtt_stddev_seconds", "Standard deviation of the round-trip time.", &RttFigures::stddev);
  duration_gauge("ping_jitter_seconds", "Mean absolute difference of consecutive round-trip times.",
                 &Figures::jitter);
  duration_gauge("ping_host_time_seconds",
                 "This host's own time per probe, not contained in the round-trip time.",
                 &Figures::host_time_mean);
  gauge("ping_loss_ratio", "Lost and error verdicts per probe that left this host, 0 to 1.",
        [](const Figures& figures) { return figures.loss_ratio; });
  const double elapsed = seconds(totals.elapsed);
  gauge("ping_loss_rate", "Lost and error verdicts per second of the run.",
        [elapsed](const Figures& figures) -> std::optional<double> {
          if (elapsed <= 0) return std::nullopt;
          return static_cast<double>(figures.lost + figures.errors) / elapsed;
        });
  for (const Counter& counter : counters) {
    write_family(counter.name, "counter", counter.help);
    for (const Series& series : series_)
      write_sample(counter.name, series.labels, series.figures.*counter.value);
  }
}

void PrometheusReporter::write_run_metrics(const Totals& totals) {
  write_family("ping_run_info", "gauge", "How this run measured.");
  write_sample("ping_run_info", run_labels_, std::uint64_t{1});
  write_family("ping_run_seconds", "gauge", "How long the run took.");
  write_sample("ping_run_seconds", {}, seconds(totals.elapsed));
  write_family("ping_schedule_lag_seconds", "gauge",
               "How late probes left against their schedule, 99th percentile.");
  write_sample("ping_schedule_lag_seconds", {}, seconds(totals.schedule_lag_p99));
  for (const RunCounter& counter : run_counters) {
    write_family(counter.name, "counter", counter.help);
    write_sample(counter.name, {}, totals.*counter.value);
  }
}

void PrometheusReporter::end(const Totals& totals, const Figures&) {
  // Two targets may be the same name and address; a sample may not appear twice.
  std::map<std::string, unsigned, std::less<>> seen;
  for (Series& series : series_) {
    const unsigned before = seen[series.labels]++;
    if (before > 0) series.labels += fmt::format(",duplicate=\"{}\"", before + 1);
  }
  write_rtt();
  write_target_metrics(totals);
  write_run_metrics(totals);
}

}  // namespace sonde::report
