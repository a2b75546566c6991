// sweep_space.cpp: see sweep_space.hpp.
#include "cli/sweep_space.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "sweep/answer_set.hpp"

namespace sonde::cli {
namespace {

std::string describe(const sweep::FileReading::BadLine& bad, const std::string& file) {
  return fmt::format("{}, line {}: {}", file == "-" ? "standard input" : file, bad.line, bad.why);
}

// The counts saturate.
std::string amount(std::uint64_t addresses) {
  return addresses == UINT64_MAX ? "2^64 or more" : std::to_string(addresses);
}

Result<void> add_operand(const std::string& operand, sweep::TargetSpaceBuilder& builder,
                         std::vector<std::string>& warnings) {
  if (operand != "-") {
    if (const auto range = AddressRange::parse(operand)) {
      builder.add(*range);
      return {};
    }
    if (::access(operand.c_str(), F_OK) != 0)
      return std::unexpected(
          Error::invalid("not a target", operand,
                         "name a prefix (198.51.100.0/24), a range (198.51.100.1-9), an address, or "
                         "a file of these"));
  }
  const auto reading = builder.add_file(operand);
  if (!reading) return std::unexpected(reading.error());
  for (const auto& bad : reading->bad) warnings.push_back(describe(bad, operand));
  if (reading->bad_lines > reading->bad.size())
    warnings.push_back(
        fmt::format("{}: {} more such lines", operand, reading->bad_lines - reading->bad.size()));
  return {};
}

}  // namespace

Result<SweptSpace> make_space(const SweepOptions& options) {
  sweep::TargetSpaceBuilder builder;
  std::vector<std::string> warnings;
  if (options.allow_special) builder.allow_special();
  for (const std::string& operand : options.targets) {
    if (auto added = add_operand(operand, builder, warnings); !added) return std::unexpected(added.error());
  }
  for (const std::string& range : options.exclude) builder.exclude(*AddressRange::parse(range));
  for (const std::string& file : options.exclude_files) {
    const auto reading = builder.exclude_file(file);
    if (!reading) return std::unexpected(reading.error());
    if (reading->bad_lines > 0)
      return std::unexpected(Error::invalid("an exclusion that cannot be read",
                                            describe(reading->bad.front(), file),
                                            "mend the line: what it excludes would be asked"));
  }
  auto built = builder.build();
  if (!built) return std::unexpected(built.error());
  const std::uint64_t size = built->space.size();
  if (size == 0) {
    return std::unexpected(
        Error::invalid("nothing is left to ask",
                       fmt::format("{} addresses named, {} excluded, {} special-purpose",
                                   amount(built->named), amount(built->excluded), amount(built->special)),
                       built->special > 0 ? "special-purpose addresses are asked with --allow-special" : ""));
  }
  const std::uint64_t asked =
      options.settings.max_targets != 0 ? std::min(options.settings.max_targets, size) : size;
  if (asked > SweepOptions::most_without_yes && !options.yes && !options.dry_run) {
    return std::unexpected(Error::invalid("that is a great many", fmt::format("{} addresses", asked),
                                          "say --yes if they have agreed to be asked"));
  }
  if (size > sweep::AnswerSet::largest_bitmap &&
      !(options.checkpoint_file.empty() && options.resume_file.empty())) {
    return std::unexpected(Error::invalid("--checkpoint keeps a bit for each address",
                                          fmt::format("{} addresses", size),
                                          "sweep them in parts of 2^36 at most"));
  }
  return SweptSpace{std::move(*built), std::move(warnings)};
}

}  // namespace sonde::cli
