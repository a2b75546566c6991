// words.cpp: see words.hpp.
#include "compat/fping/words.hpp"

#include <algorithm>

namespace sonde::compat::fping {

namespace {

std::string complain(std::string_view what, std::string_view about) {
  return std::string(what) + " -- '" + std::string(about) + "'";
}

constexpr std::string_view unknown = "invalid option", no_value = "option requires an argument",
                           surplus_value = "option takes no arguments";

}  // namespace

std::optional<WordReader::Found> WordReader::next() {
  if (!cluster_.empty()) return read_letter();
  while (place_ < words_.size()) {
    const std::string_view word = words_[place_++];
    if (word == "--") {
      take_rest();
    } else if (word.starts_with("--")) {
      return read_long(word.substr(2));
    } else if (word.size() > 1 && word.front() == '-') {
      cluster_ = word.substr(1);
      return read_letter();
    } else {
      operands_.emplace_back(word);
    }
  }
  return std::nullopt;
}

void WordReader::take_rest() {
  for (; place_ < words_.size(); ++place_) operands_.emplace_back(words_[place_]);
}

WordReader::Found WordReader::read_long(std::string_view word) {
  const auto equals = word.find('=');
  const std::string_view written = word.substr(0, equals);
  const auto name = std::ranges::find(names_, written, &OptionName::long_name);
  if (name == names_.end() || written.empty()) return {nullptr, {}, complain(unknown, word)};
  if (!name->takes_value && equals != word.npos)
    return {nullptr, {}, complain(surplus_value, name->long_name)};
  if (!name->takes_value) return {&*name, {}, {}};
  if (equals != word.npos) return {&*name, std::string(word.substr(equals + 1)), {}};
  if (place_ == words_.size()) return {nullptr, {}, complain(no_value, name->long_name)};
  return {&*name, words_[place_++], {}};
}

WordReader::Found WordReader::read_letter() {
  const std::string_view letter = cluster_.substr(0, 1);
  cluster_.remove_prefix(1);
  const auto name = std::ranges::find(names_, letter.front(), &OptionName::letter);
  if (name == names_.end()) {
    cluster_ = {};
    return {nullptr, {}, complain(unknown, letter)};
  }
  if (!name->takes_value) return {&*name, {}, {}};
  const std::string_view rest = cluster_;
  cluster_ = {};
  if (!rest.empty()) return {&*name, std::string(rest), {}};
  if (place_ == words_.size()) return {nullptr, {}, complain(no_value, letter)};
  return {&*name, words_[place_++], {}};
}

}  // namespace sonde::compat::fping
