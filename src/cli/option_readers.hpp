// option_readers.hpp: values that options of several subcommands take, and that need more than a number.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "cli/option_values.hpp"
#include "sonde/address.hpp"
#include "sonde/options.hpp"
#include "text/number.hpp"
#include "text/transport_words.hpp"

namespace sonde::cli {

inline constexpr std::array<Choice<PathMtu>, 4> path_mtus{
    {{"do", PathMtu::always}, {"want", PathMtu::want}, {"dont", PathMtu::never}, {"probe", PathMtu::probe}}};

text::Parsed<std::string> read_interface(std::string_view text);  // not checked to exist
text::Parsed<Address> read_source(std::string_view text);         // not checked to be this host's
text::Parsed<std::string> read_file_name(std::string_view text);

// The words of `Kinds`, an array of transports, for the table's `choices`.
template <const auto& Kinds>
inline constexpr auto transport_names = [] {
  std::array<std::string_view, Kinds.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = text::transport_word(Kinds[i]);
  return names;
}();

// One of `Kinds`, TCP not among them.
template <const auto& Kinds>
text::Parsed<TransportKind> read_transport(std::string_view text) {
  const auto asked = text::parse_transport(text, Kinds);
  if (!asked) return std::unexpected(asked.error());
  return asked->kind;
}

// Of -4 and -6, into the member `family`.
template <typename Options, Family Wanted>
Applied set_family(std::string_view, CommandOptions& command) {
  auto& options = std::get<Options>(command);
  if (options.family && *options.family != Wanted)
    return std::unexpected("-4 and -6 cannot be used together");
  options.family = Wanted;
  return {};
}

// What is wrong with --source beside -4 or -6; nullopt when nothing is.
std::optional<std::string> source_fault(const std::optional<Address>& source, std::optional<Family> family);

}  // namespace sonde::cli
