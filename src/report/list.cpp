// list.cpp: --alive and --unreachable.
#include "report/list.hpp"

#include "report/display.hpp"

namespace sonde::report {

ListReporter::ListReporter(const ReportOptions& options, Output& output)
    : output_(output), alive_(options.alive), unreachable_(options.unreachable), numeric_(options.numeric) {}

void ListReporter::summary(const TargetName& target, const Summary& summary) {
  const bool alive = summary.figures.received + summary.figures.late > 0;
  if (alive ? !alive_ : !unreachable_) return;
  const bool by_address = numeric_ || target.name.empty();
  output_.write(by_address ? target.address.to_string() : printable(target.name));
  output_.write("\n");
}

}  // namespace sonde::report
