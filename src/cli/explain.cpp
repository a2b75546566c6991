// explain.cpp: see explain.hpp.
#include "cli/explain.hpp"

#include <algorithm>
#include <csignal>
#include <optional>
#include <string_view>
#include <utility>

#include "cli/exit_status.hpp"
#include "cli/finish_output.hpp"
#include "cli/page_style.hpp"
#include "cli/say.hpp"
#include "explain/ask.hpp"
#include "explain/json.hpp"
#include "explain/svg.hpp"
#include "explain/text.hpp"
#include "net/interfaces.hpp"
#include "net/permissions.hpp"
#include "report/output.hpp"
#include "report/output_file.hpp"
#include "resolve/resolve_now.hpp"

namespace sonde::cli {
namespace {

constexpr Nanoseconds patience_for_names = std::chrono::seconds(5);

int refuse(const Error& error, ExitStatus status) {
  say(error.message());
  return static_cast<int>(status);
}

Result<std::optional<report::OutputFile>> open_picture(const ExplainOptions& options) {
  if (options.svg_file.empty()) return std::nullopt;
  auto opened =
      report::OutputFiles(options.force)
          .open({.path = options.svg_file, .option = "--svg", .recognizes = [](std::string_view beginning) {
                   return report::begins_as(beginning, "<svg ");
                 }});
  if (!opened) return std::unexpected(std::move(opened.error()));
  return std::move(*opened);
}

ExitStatus write_picture(report::OutputFile& file, const explain::Explanation& explanation) {
  if (const auto begun = file.begin(); !begun) {
    say(begun.error().message());
    return ExitStatus::output_failed;
  }
  report::Output output(file.descriptor(), file.name());
  output.write(explain::make_svg(explanation));
  return finish_output(output);
}

}  // namespace

int run_explain(const ExplainOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);         // shows as EPIPE
  auto picture = open_picture(options);  // before privileges go
  if (!picture) return refuse(picture.error(), status_of_output(picture.error()));
  net::keep_only({net::Capability::net_raw, net::Capability::net_admin});
  const auto resolution = resolve::resolve_now(options.target, options.family, patience_for_names);
  if (!resolution) {
    const bool refused = resolution.error().code == ErrorCode::resource_limit;
    return refuse(resolution.error(), refused ? ExitStatus::refused : ExitStatus::usage);
  }
  const auto explanation = explain::ask({.name = options.target,
                                         .address = resolution->addresses.front().address,
                                         .transport = options.transport,
                                         .network = options.network,
                                         .payload_bytes = options.size_bytes,
                                         .timeout = options.timeout,
                                         .on_opened = [] { net::keep_only({}); }});
  if (!explanation) return refuse(explanation.error(), ExitStatus::refused);
  ExitStatus written = write_to_standard_output(options.format == report::Format::json
                                                    ? explain::make_json(*explanation)
                                                    : explain::make_text(*explanation, page_style()));
  if (*picture) written = std::max(written, write_picture(**picture, *explanation));
  if (written != ExitStatus::all_answered) return static_cast<int>(written);
  return static_cast<int>(explanation->verdict == EventKind::reply ? ExitStatus::all_answered
                                                                   : ExitStatus::some_silent);
}

}  // namespace sonde::cli
