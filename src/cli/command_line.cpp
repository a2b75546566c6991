// command_line.cpp: from argv to validated values; the only file that knows CLI11.
//
// CLI11 is told only those options of the table that the words may mention: setting up an option costs it
// some microseconds and it checks each against all others, which would be most of the program's start-up.
#include "cli/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/function_table.hpp"
#include "cli/option_table.hpp"
#include "text/printable.hpp"
#include "text/quote.hpp"

namespace sonde::cli {
namespace {

using Words = std::vector<std::string>;

std::unexpected<CommandLineError> refuse(std::string_view what) {
  return std::unexpected(CommandLineError{fmt::format("sonde: {}", text::printable(what))});
}

std::unexpected<CommandLineError> refuse(const OptionSpec& option, std::string_view what) {
  return refuse(fmt::format("--{}: {}", option.long_name, what));
}

// How many letters must be put in, taken out, replaced or swapped with their neighbour to make one word of
// the other (optimal string alignment): row by row, keeping three rows.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before_last, last, row(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    before_last = std::exchange(last, std::exchange(row, std::vector<std::size_t>(to.size() + 1)));
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const bool same = from[i - 1] == to[j - 1];
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[to.size()];
}

// The long option that `name` is most likely a misspelling or the beginning of; null when none is near.
const OptionSpec* nearest_option(std::span<const OptionSpec> options, std::string_view name) {
  constexpr std::size_t longest_name = 40;
  if (name.size() < 2 || name.size() > longest_name) return nullptr;
  const OptionSpec* nearest = nullptr;
  std::size_t smallest = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const OptionSpec& option : options) {
    if (option.hidden) continue;
    const std::size_t distance =
        option.long_name.starts_with(name) ? 1 : edit_distance(name, option.long_name);
    if (distance < smallest) {
      smallest = distance;
      nearest = &option;
    }
  }
  return nearest;
}

// `word` is what CLI11 had no use for, an option as the user wrote it.
std::unexpected<CommandLineError> refuse_unknown(const SubcommandSpec& subcommand, std::string_view word) {
  const bool is_long = word.starts_with("--");
  const auto shown = text::in_quotes(is_long ? word.substr(0, word.find('=')) : word.substr(0, 2));
  const auto name = is_long ? word.substr(2, word.find('=') - 2) : std::string_view();
  // "-count" is not seen as an unknown short option but as -c with the value "ount", so only long names are
  // guessed.
  if (const OptionSpec* near = is_long ? nearest_option(subcommand.options, name) : nullptr) {
    return refuse(fmt::format("unknown option {}; did you mean --{}?", shown, near->long_name));
  }
  return refuse(fmt::format("unknown option {}; see sonde {} --help", shown, subcommand.name));
}

// The value that `word` gives to -g itself ("-gX", "--generate=X"), empty when the next word is to be the
// value; nullopt when it does not end with a use of -g.
std::optional<std::string_view> range_value(std::span<const OptionSpec> options, std::string_view word) {
  constexpr std::string_view long_form = "--generate";
  if (word.starts_with("--")) {
    if (word == long_form) return std::string_view();
    if (word.starts_with(long_form) && word[long_form.size()] == '=')
      return word.substr(long_form.size() + 1);
    return std::nullopt;
  }
  if (!word.starts_with('-')) return std::nullopt;
  for (std::size_t i = 1; i < word.size(); ++i) {
    if (word[i] == 'g') return word.substr(i + 1);
    const OptionSpec* flag = find_short(options, word[i]);
    if (flag == nullptr || flag->takes_value()) break;
  }
  return std::nullopt;
}

// Makes "-g FIRST LAST", as fping has it, one value: "FIRST-LAST".
void join_range_words(std::span<const OptionSpec> options, Words& words) {
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    const auto value = range_value(options, words[i]);
    if (!value) continue;
    const std::size_t first = value->empty() ? i + 1 : i;
    if (first + 1 >= words.size() || !Address::parse(words[first + 1])) continue;
    if (!Address::parse(value->empty() ? std::string_view(words[first]) : *value)) continue;
    words[first] += '-';
    words[first] += words[first + 1];
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(first) + 1);
  }
}

// CLI11 would take the next word as the value of "--count="; nullptr when no word is like that.
const OptionSpec* option_without_value(std::span<const OptionSpec> options, const Words& words) {
  for (const std::string& word : words) {
    if (word == "--") return nullptr;
    if (!word.starts_with("--") || !word.ends_with('=')) continue;
    const auto* option = find_long(options, std::string_view(word).substr(2, word.size() - 3));
    if (option != nullptr) return option;
  }
  return nullptr;
}

// The options of one command line as CLI11 sees them.
class WordParser {
 public:
  WordParser(const SubcommandSpec& subcommand, const Words& words)
      : subcommand_(subcommand), options_(subcommand.options) {
    app_.set_help_flag();
    app_.allow_extras();
    positional_ = app_.add_option("TARGET", [](const CLI::results_t&) { return true; });
    // A positional takes words up to its least expected number, which nothing checks afterwards; "extra"
    // arguments would do too, but then CLI11 takes "[a,b]" apart.
    positional_->expected(most_words, most_words)->allow_extra_args(false);
    positional_->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    for (const std::string& word : words) mention(word);
  }

  // Splits the words. Errors: unknown option, option without its value.
  std::expected<void, CommandLineError> split(Words words) {
    const std::string last = words.empty() ? std::string() : words.back();
    std::ranges::reverse(words);  // as CLI11 wants them
    try {
      app_.parse(std::move(words));
    } catch (const CLI::ArgumentMismatch&) {  // only the last word can lack its value
      const auto* option = last.starts_with("--") ? find_long(options_, std::string_view(last).substr(2))
                                                  : find_short(options_, last.empty() ? '\0' : last.back());
      if (option == nullptr) return refuse("an option lacks its value");
      return refuse(*option, fmt::format("needs a value ({})", option->argument));
    } catch (const CLI::Error& error) {
      return refuse(error.what());
    }
    const auto remaining = app_.remaining();
    const auto unknown =
        std::ranges::find_if(remaining, [](const std::string& word) { return word != "--"; });
    if (unknown != remaining.end()) return refuse_unknown(subcommand_, *unknown);
    return {};
  }

  struct Use {
    const OptionSpec* option;
    std::string value;
  };

  // Every use of an option, in the order of the words.
  std::vector<Use> uses() const {
    std::vector<Use> uses;
    std::vector<std::size_t> next(mentioned_.size());
    for (const CLI::Option* parsed : app_.parse_order()) {
      const auto found = std::ranges::find(mentioned_, parsed, &Mentioned::second);
      if (found == mentioned_.end()) continue;
      std::size_t& index = next[static_cast<std::size_t>(found - mentioned_.begin())];
      if (index < parsed->results().size()) uses.push_back({found->first, parsed->results()[index]});
      ++index;
    }
    return uses;
  }

  Words operands() const { return positional_->results(); }

 private:
  static constexpr int most_words = CLI::detail::expected_max_vector_size - 1;
  using Mentioned = std::pair<const OptionSpec*, CLI::Option*>;

  bool is_mentioned(const OptionSpec* option) const {
    return std::ranges::find(mentioned_, option, &Mentioned::first) != mentioned_.end();
  }

  void mention(std::string_view word) {
    if (word.starts_with("--")) {
      add(find_long(options_, word.substr(2, word.find('=') - 2)));
    } else if (word.starts_with('-')) {
      for (const char letter : word.substr(1)) add(find_short(options_, letter));
    }
  }

  void add(const OptionSpec* option) {
    if (option == nullptr || is_mentioned(option)) return;
    std::string names = fmt::format("--{}", option->long_name);
    if (option->short_name != 0) names += fmt::format(",-{}", option->short_name);
    CLI::Option* added = option->takes_value()
                             ? app_.add_option(names, [](const CLI::results_t&) { return true; })
                             : app_.add_flag(names);
    added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
    mentioned_.emplace_back(option, added);
  }

  const SubcommandSpec& subcommand_;
  std::span<const OptionSpec> options_;
  CLI::App app_;
  CLI::Option* positional_ = nullptr;
  std::vector<Mentioned> mentioned_;
};

std::expected<ParsedCommandLine, CommandLineError> parse_subcommand(const SubcommandSpec& subcommand,
                                                                    Words words) {
  join_range_words(subcommand.options, words);
  if (const auto* option = option_without_value(subcommand.options, words)) {
    return refuse(*option, option->takes_value() ? fmt::format("needs a value ({})", option->argument)
                                                 : std::string("takes no value"));
  }
  WordParser parser(subcommand, words);
  if (auto split = parser.split(std::move(words)); !split) return std::unexpected(std::move(split.error()));

  const auto uses = parser.uses();
  for (const auto& [option, value] : uses) {
    if (option->apply != nullptr) continue;
    if (!option->choices.empty() && std::ranges::find(option->choices, value) == option->choices.end()) {
      return refuse(*option, fmt::format("{} is not one of {}", text::in_quotes(value),
                                         fmt::join(option->choices, ", ")));
    }
    return DocumentRequest{option->document(value), subcommand.name};
  }
  CommandOptions options = subcommand.defaults();
  for (const auto& [option, value] : uses) {
    if (!option->takes_value() && value != "true") return refuse(*option, "takes no value");
    if (value.starts_with("--") &&
        find_long(subcommand.options, std::string_view(value).substr(2)) != nullptr) {
      return refuse(*option, fmt::format("needs a value ({}); {} is an option", option->argument,
                                         text::in_quotes(value)));
    }
    const auto applied =
        option->apply(option->takes_value() ? std::string_view(value) : std::string_view(), options);
    if (!applied) return refuse(*option, applied.error());
  }
  auto completed = subcommand.complete(std::move(options), parser.operands());
  if (!completed) return refuse(completed.error());
  return std::move(*completed);
}

// What custom runtimes call the program that they start, without arguments.
bool is_bootstrap(std::string_view program) {
  return program.substr(program.rfind('/') + 1) == "bootstrap";
}

}  // namespace

std::expected<ParsedCommandLine, CommandLineError> parse_command_line(
    std::span<const char* const> arguments) {
  if (!arguments.empty() && is_bootstrap(arguments[0])) {
    const auto options = arguments.subspan(1);
    return parse_subcommand(function_subcommand, Words(options.begin(), options.end()));
  }
  if (arguments.size() < 2) return std::unexpected(CommandLineError{short_usage()});
  const std::string_view first = arguments[1];
  if (first == "--help" || first == "-h") return DocumentRequest{Document::overview};
  const SubcommandSpec* named = find_subcommand(first);
  const auto rest = arguments.subspan(named != nullptr ? 2 : 1);
  const bool needs_words = named == nullptr || named->needs_words;
  if (rest.empty() && needs_words) return std::unexpected(CommandLineError{short_usage()});
  auto parsed = parse_subcommand(named != nullptr ? *named : *subcommand_table().front(),
                                 Words(rest.begin(), rest.end()));
  auto* const options = parsed ? std::get_if<CommandOptions>(&*parsed) : nullptr;
  if (options == nullptr) return parsed;
  if (auto* const sweep = std::get_if<SweepOptions>(options))
    sweep->command_line.assign(arguments.begin(), arguments.end());
  return parsed;
}

}  // namespace sonde::cli
