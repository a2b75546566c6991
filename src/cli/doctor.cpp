// doctor.cpp: see doctor.hpp.
#include "cli/doctor.hpp"

#include <unistd.h>

#include <csignal>

#include "cli/exit_status.hpp"
#include "cli/page_style.hpp"
#include "cli/say.hpp"
#include "doctor/diagnose.hpp"
#include "doctor/json.hpp"
#include "doctor/text.hpp"
#include "report/output.hpp"

namespace sonde::cli {

int run_doctor(const DoctorOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);  // shows as EPIPE
  const doctor::Diagnosis diagnosis = doctor::diagnose({.family = options.family, .target = options.target});
  report::Output output(STDOUT_FILENO, "standard output");
  output.write(options.format == report::Format::json ? doctor::make_json(diagnosis)
                                                      : doctor::make_text(diagnosis, page_style()));
  output.flush(std::chrono::seconds(5));
  if (output.error()) {
    say(output.error()->message());
    return static_cast<int>(ExitStatus::output_failed);
  }
  return diagnosis.works() ? 0 : 1;
}

}  // namespace sonde::cli
