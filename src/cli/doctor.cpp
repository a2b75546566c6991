// doctor.cpp: see doctor.hpp.
#include "cli/doctor.hpp"

#include <csignal>

#include "cli/exit_status.hpp"
#include "cli/finish_output.hpp"
#include "cli/page_style.hpp"
#include "cli/say.hpp"
#include "doctor/diagnose.hpp"
#include "doctor/json.hpp"
#include "doctor/text.hpp"

namespace sonde::cli {

int run_doctor(const DoctorOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);  // shows as EPIPE
  const doctor::Diagnosis diagnosis = doctor::diagnose({.family = options.family, .target = options.target});
  const ExitStatus written = write_to_standard_output(options.format == report::Format::json
                                                          ? doctor::make_json(diagnosis)
                                                          : doctor::make_text(diagnosis, page_style()));
  if (written != ExitStatus::all_answered) return static_cast<int>(written);
  return diagnosis.works() ? 0 : 1;
}

}  // namespace sonde::cli
