// option_table.cpp: which subcommands there are, and finding an option in a table.
#include "cli/option_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/doctor_table.hpp"
#include "cli/explain_table.hpp"
#include "cli/function_table.hpp"
#include "cli/option_values.hpp"
#include "cli/ping_table.hpp"
#include "cli/sweep_table.hpp"
#include "text/number.hpp"
#include "text/quote.hpp"

namespace sonde::cli {

std::string_view title(Section section) {
  switch (section) {
    case Section::targets:
      return "Targets";
    case Section::schedule:
      return "Schedule";
    case Section::packet:
      return "Packet";
    case Section::measurement:
      return "Measurement";
    case Section::service:
      return "Service";
    case Section::output:
      return "Output";
    case Section::information:
      return "Information";
  }
  return {};
}

std::span<const SubcommandSpec* const> subcommand_table() {
  static constexpr std::array<const SubcommandSpec*, 5> subcommands{
      &ping_subcommand, &sweep_subcommand, &doctor_subcommand, &explain_subcommand, &function_subcommand};
  return subcommands;
}

const SubcommandSpec* find_subcommand(std::string_view name) {
  const auto subcommands = subcommand_table();
  const auto found = std::ranges::find(subcommands, name, &SubcommandSpec::name);
  return found == subcommands.end() ? nullptr : *found;
}

const OptionSpec* find_long(std::span<const OptionSpec> options, std::string_view name) {
  const auto found = std::ranges::find(options, name, &OptionSpec::long_name);
  return found == options.end() ? nullptr : &*found;
}

const OptionSpec* find_short(std::span<const OptionSpec> options, char name) {
  if (name == 0) return nullptr;
  const auto found = std::ranges::find(options, name, &OptionSpec::short_name);
  return found == options.end() ? nullptr : &*found;
}

text::Parsed<std::size_t> find_choice(std::string_view text, std::span<const std::string_view> names) {
  const auto found = std::ranges::find(names, text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  return std::unexpected(fmt::format("{} is not one of {}", text::in_quotes(text), fmt::join(names, ", ")));
}

}  // namespace sonde::cli
