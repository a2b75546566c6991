// option_values.hpp: puts an option's value into its subcommand's options; the last column of the option table.
//
// All are templates over a member and what reads it, so that a table row names both and no function is
// written for it.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "cli/option_table.hpp"
#include "text/number.hpp"

namespace sonde::cli {

// A word that an option takes, and what it stands for.
template <typename Value>
struct Choice {
  std::string_view name;
  Value value;
};

// The words alone, for the table's `choices`.
template <const auto& Choices>
inline constexpr auto choice_names = [] {
  std::array<std::string_view, Choices.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = Choices[i].name;
  return names;
}();

// The subcommand's options that a pointer to their member belongs to.
template <typename Options, typename Value>
Options& options_with(Value Options::*, CommandOptions& options) {
  return std::get<Options>(options);
}

// Which of `names` is `text`, or a message that lists them.
text::Parsed<std::size_t> find_choice(std::string_view text, std::span<const std::string_view> names);

template <auto Member, const auto& Choices>
Applied choose(std::string_view text, CommandOptions& options) {
  const auto index = find_choice(text, choice_names<Choices>);
  if (!index) return std::unexpected(index.error());
  options_with(Member, options).*Member = Choices[*index].value;
  return {};
}

// `Reader` is a function from text to text::Parsed<the member's type>.
template <auto Member, auto Reader>
Applied store(std::string_view text, CommandOptions& options) {
  auto value = Reader(text);
  if (!value) return std::unexpected(std::move(value.error()));
  options_with(Member, options).*Member = std::move(*value);
  return {};
}

// `Value` is set without any argument.
template <auto Member, auto Value>
Applied set(std::string_view, CommandOptions& options) {
  options_with(Member, options).*Member = Value;
  return {};
}

// The text itself, not empty, at the end of a list.
template <auto Member>
Applied append(std::string_view text, CommandOptions& options) {
  if (text.empty()) return std::unexpected("needs a value that is not empty");
  (options_with(Member, options).*Member).emplace_back(text);
  return {};
}

template <typename Integer, std::uint64_t Least, std::uint64_t Most, bool AllowHexadecimal = false>
text::Parsed<Integer> read_integer(std::string_view text) {
  const auto value = text::parse_whole(text, Least, Most, AllowHexadecimal);
  if (!value) return std::unexpected(value.error());
  return static_cast<Integer>(*value);
}

}  // namespace sonde::cli
