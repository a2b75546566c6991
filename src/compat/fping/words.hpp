// words.hpp: a command line's words, sorted into options and operands as fping takes them: long names in full only, operands
// anywhere, everything behind "--".
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::compat::fping {

struct OptionName {
  std::string_view long_name;  // empty: none
  char letter = 0;             // 0: none
  bool takes_value = false;
};

class WordReader {
 public:
  WordReader(std::span<const OptionName> names, std::span<char* const> words)
      : names_(names), words_(words) {}

  struct Found {
    const OptionName* name = nullptr;  // null: a mistake, see `complaint`
    std::string value;
    std::string complaint;
  };
  // The next option; nullopt behind the last.
  std::optional<Found> next();
  // All that is no option. Requires: next() gave nullopt.
  const std::vector<std::string>& operands() const { return operands_; }

 private:
  Found read_long(std::string_view word);
  Found read_letter();
  void take_rest();

  std::span<const OptionName> names_;
  std::span<char* const> words_;
  std::size_t place_ = 0;     // in words_
  std::string_view cluster_;  // letters left of "-abc"
  std::vector<std::string> operands_;
};

}  // namespace sonde::compat::fping
