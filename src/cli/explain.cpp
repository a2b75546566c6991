// explain.cpp: see explain.hpp.
#include "cli/explain.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "cli/exit_status.hpp"
#include "cli/page_style.hpp"
#include "cli/say.hpp"
#include "explain/ask.hpp"
#include "explain/json.hpp"
#include "explain/svg.hpp"
#include "explain/text.hpp"
#include "net/file_descriptor.hpp"
#include "net/interfaces.hpp"
#include "net/permissions.hpp"
#include "report/output.hpp"
#include "resolve/resolve_now.hpp"

namespace sonde::cli {
namespace {

constexpr Nanoseconds patience_for_names = std::chrono::seconds(5);
constexpr std::chrono::milliseconds patience_for_output(5000);

int refuse(const Error& error, ExitStatus status) {
  say(error.message());
  return static_cast<int>(status);
}

bool write(int descriptor, const std::string& name, const std::string& text) {
  report::Output output(descriptor, name);
  output.write(text);
  output.flush(patience_for_output);
  if (output.error()) say(output.error()->message());
  return !output.error();
}

bool write_picture(const std::string& file, const explain::Explanation& explanation) {
  const net::FileDescriptor descriptor(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (descriptor) return write(descriptor.get(), file, explain::make_svg(explanation));
  say(Error::from_errno(errno, "cannot write the picture", file).message());
  return false;
}

}  // namespace

int run_explain(const ExplainOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);  // shows as EPIPE
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
  bool written =
      write(STDOUT_FILENO, "standard output",
            options.format == report::Format::json ? explain::make_json(*explanation)
                                                   : explain::make_text(*explanation, page_style()));
  if (!options.svg_file.empty()) written = write_picture(options.svg_file, *explanation) && written;
  if (!written) return static_cast<int>(ExitStatus::output_failed);
  return static_cast<int>(explanation->verdict == EventKind::reply ? ExitStatus::all_answered
                                                                   : ExitStatus::some_silent);
}

}  // namespace sonde::cli
