// function_table.cpp: the options of `sonde function`.
#include "cli/function_table.hpp"

#include <array>

#include "cli/option_values.hpp"
#include "function/listener.hpp"
#include "function/request.hpp"
#include "text/number.hpp"
#include "text/quantity.hpp"
#include "text/quote.hpp"

namespace sonde::cli {
namespace {

text::Parsed<std::string> read_listen(std::string_view text) {
  const auto address = function::parse_listen(std::string(text));
  if (!address) return std::unexpected(address.error().message());
  return std::string(text);
}

Applied add_allowed(std::string_view text, CommandOptions& options) {
  const auto range = AddressRange::parse(text);
  if (!range) return std::unexpected(range.error().message());
  std::get<FunctionOptions>(options).allowed.push_back(*range);
  return {};
}

text::Parsed<Nanoseconds> read_time_limit(std::string_view text) {
  const auto limit = text::parse_duration(text);
  if (limit && *limit <= function::answer_margin)
    return std::unexpected("is too short: answers leave 600 ms before it");
  return limit;
}

constexpr std::array function_table = {
    OptionSpec{.long_name = "allow",
               .argument = "PREFIX",
               .section = Section::targets,
               .help = "let events name special-purpose addresses of PREFIX",
               .details = "Without it, private, loopback, link-local and all other addresses of "
                          "IANA's special-purpose registries are refused. SONDE_ALLOW, with commas "
                          "between prefixes, adds to it.",
               .default_text = "none",
               .repeatable = true,
               .apply = add_allowed},
    OptionSpec{.long_name = "listen",
               .argument = "ADDRESS:PORT",
               .section = Section::service,
               .help = "serve HTTP there, whatever the environment says",
               .default_text = "as the environment says",
               .apply = store<&FunctionOptions::listen, read_listen>},
    OptionSpec{.long_name = "time-limit",
               .argument = "TIME",
               .section = Section::service,
               .help = "HTTP: answer within TIME, with what there is",
               .default_text = "30s",
               .apply = store<&FunctionOptions::time_limit, read_time_limit>},
    OptionSpec{.long_name = "parallel",
               .argument = "N",
               .section = Section::service,
               .help = "HTTP: measure for at most N requests at once",
               .details = "Further ones get status 503.",
               .default_text = "16",
               .apply = store<&FunctionOptions::parallel, read_integer<unsigned, 1, 256>>},
    OptionSpec{.short_name = 'h',
               .long_name = "help",
               .section = Section::information,
               .help = "show this help",
               .document = [](std::string_view) { return Document::subcommand_help; }},
    OptionSpec{.short_name = 'V',
               .long_name = "version",
               .section = Section::information,
               .help = "show the version",
               .document = [](std::string_view) { return Document::version; }},
};

constexpr std::array example_list = {
    Example{"sonde function --listen 127.0.0.1:8080", "serve HTTP to this host"},
    Example{"sonde function --allow 10.0.0.0/8", "events may name hosts of one's own network"},
};

constexpr std::array<ExitStatusText, 3> exit_statuses{
    {{0, "It was told to end, by SIGINT or SIGTERM."},
     {2, "The usage was wrong, or a variable of the environment."},
     {3, "The runtime it served is gone, or the system refused to let it listen."}}};

constexpr std::string_view about =
    R"(Answer events {"target": "HOST", "count": 5, ...} with latencies, as a function.

AWS_LAMBDA_RUNTIME_API makes it serve Lambda's runtime API, SCF_RUNTIME_API that
of Tencent's SCF; otherwise it serves HTTP (GET /?target=HOST, POST) on the port
that FC_SERVER_PORT or PORT names, or else on 127.0.0.1:8080. A program that is
named "bootstrap" does this without being told.
)";

constexpr std::string_view description =
    R"(.B sonde function
answers events that name hosts with the hosts' latencies, in the three ways that
functions are run: as a custom runtime of AWS Lambda (where
.B AWS_LAMBDA_RUNTIME_API
is set), of Tencent SCF
.RB ( SCF_RUNTIME_API ),
or over plain HTTP.
An event is a JSON object with
.I target
(a host or an array of up to 16) and, as far as wanted,
.IR count ,
.IR interval ,
.IR timeout ,
.IR transport ,
.I size
and
.IR try_all ;
or just a host.
A way of asking that nobody of an address family answers is left for one that is
answered.
.PP
Before the first packet it gives up every capability but CAP_NET_RAW.
That stays permitted, and is in force only while a raw socket is being opened.
.PP
Since whoever may send events can look at the network that it runs in, addresses
of special purpose (private, loopback, link-local, clouds' metadata) are refused
unless
.B \-\-allow
opens them.
)";

std::expected<CommandOptions, std::string> complete(CommandOptions command,
                                                    std::vector<std::string> operands) {
  if (!operands.empty()) {
    return std::unexpected("function: takes no target (" + text::in_quotes(operands.front()) +
                           "); events name them");
  }
  return command;
}

}  // namespace

constinit const SubcommandSpec function_subcommand{
    .name = "function",
    .synopsis = "[options]",
    .help = "measure what events name: Lambda, SCF, or HTTP",
    .about = about,
    .description = description,
    .options = function_table,
    .examples = example_list,
    .exit_statuses = exit_statuses,
    .needs_words = false,
    .defaults = [] { return CommandOptions(FunctionOptions{}); },
    .complete = complete,
};

}  // namespace sonde::cli
