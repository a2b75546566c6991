// doctor_table.cpp: the options of `sonde doctor`, and what they say together.
#include "cli/doctor_table.hpp"

#include <fmt/format.h>

#include <array>

#include "cli/option_readers.hpp"
#include "cli/option_values.hpp"
#include "cli/target_list.hpp"

namespace sonde::cli {
namespace {

constexpr std::array<Choice<report::Format>, 2> formats{
    {{"text", report::Format::text}, {"json", report::Format::json}}};

constexpr std::array doctor_table = {
    OptionSpec{.short_name = '4',
               .long_name = "ipv4",
               .section = Section::targets,
               .help = "try IPv4 only",
               .apply = set_family<DoctorOptions, Family::ipv4>},
    OptionSpec{.short_name = '6',
               .long_name = "ipv6",
               .section = Section::targets,
               .help = "try IPv6 only",
               .apply = set_family<DoctorOptions, Family::ipv6>},
    OptionSpec{.long_name = "format",
               .argument = "FORMAT",
               .section = Section::output,
               .help = "how the findings are written",
               .details = "json: one object, described in docs/doctor.md.",
               .default_text = "text",
               .choices = choice_names<formats>,
               .apply = choose<&DoctorOptions::format, formats>},
    OptionSpec{.short_name = 'h',
               .long_name = "help",
               .section = Section::information,
               .help = "show this help",
               .document = [](std::string_view) { return Document::subcommand_help; }},
};

constexpr std::array example_list = {
    Example{"sonde doctor", "what this host lets you do, and what would open the rest"},
    Example{"sonde doctor example.net", "the same, and every way to that host tried side by side"},
};

std::expected<CommandOptions, std::string> complete(CommandOptions command,
                                                    std::vector<std::string> operands) {
  auto& options = std::get<DoctorOptions>(command);
  if (operands.size() > 1) return std::unexpected("doctor takes one target");
  if (operands.empty()) return command;
  const TargetRules rules{.family = options.family};
  if (const auto fault = target_fault(operands.front(), rules)) return std::unexpected(*fault);
  options.target = std::move(operands.front());
  return command;
}

constexpr std::string_view description =
    R"(Finds out what this host lets this process do, and what would open the rest:
every way of asking is tried for real in both address families, and a closed one
is shown with the system call that failed, its errno and what opens it, from
least to most privilege.
Behind that come kernel, container, capabilities, stamps, buffers, limits,
interfaces, firewall hints and who else holds ICMP sockets, and four sentences
found on the web, held against this kernel.
.PP
Without
.I TARGET
nothing leaves this host.
With one, three probes are sent to it by each way, at the same time.
)";

constexpr std::array<ExitStatusText, 5> exit_statuses{
    {{0, "Some way of asking is open; with a target: it answered by some way."},
     {1, "None is; with a target: it answered by none."},
     {2, "The usage was wrong."},
     {3, "There was no memory."},
     {4, "Output could not be written."}}};

constexpr std::string_view about =
    R"(Find out what this host lets you do, and what would open the rest.

Without TARGET nothing leaves this host. With one, a name or an address, three
probes are sent to it by each way of asking, at the same time.
)";

}  // namespace

constinit const SubcommandSpec doctor_subcommand{
    .name = "doctor",
    .synopsis = "[options] [TARGET]",
    .help = "find out which ways of asking are open here, and what opens the rest",
    .about = about,
    .description = description,
    .options = doctor_table,
    .examples = example_list,
    .exit_statuses = exit_statuses,
    .needs_words = false,
    .defaults = [] { return CommandOptions(DoctorOptions{}); },
    .complete = complete,
};

}  // namespace sonde::cli
