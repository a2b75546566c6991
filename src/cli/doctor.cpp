// doctor.cpp: see doctor.hpp.
#include "cli/doctor.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "cli/exit_status.hpp"
#include "doctor/diagnose.hpp"
#include "doctor/json.hpp"
#include "doctor/text.hpp"
#include "report/make_reporter.hpp"
#include "report/output.hpp"

namespace sonde::cli {
namespace {

doctor::TextStyle text_style() {
  return {report::use_colour(report::ColourChoice::automatic, ::isatty(STDOUT_FILENO) == 1,
                             std::getenv("NO_COLOR"), std::getenv("TERM")),
          report::locale_is_utf8(std::getenv("LC_ALL"), std::getenv("LC_CTYPE"), std::getenv("LANG"))};
}

}  // namespace

int run_doctor(const DoctorOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);  // shows as EPIPE
  const doctor::Diagnosis diagnosis = doctor::diagnose({.family = options.family, .target = options.target});
  report::Output output(STDOUT_FILENO, "standard output");
  output.write(options.format == report::Format::json ? doctor::make_json(diagnosis)
                                                      : doctor::make_text(diagnosis, text_style()));
  output.flush(std::chrono::seconds(5));
  if (output.error()) {
    fmt::print(stderr, "sonde: {}\n", output.error()->message());
    return static_cast<int>(ExitStatus::output_failed);
  }
  return diagnosis.works() ? 0 : 1;
}

}  // namespace sonde::cli
