// filter.cpp: the grammar of filters, read by recursive descent straight into tests and jumps.
#include "sweep/filter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sweep/filter_values.hpp"

namespace sonde::sweep {
namespace {

constexpr std::size_t most_bytes = 65'536;  // of an expression
constexpr int deepest = 200;                // parentheses and "!" within each other
constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view ends_word = " \t\r\n()!=<>&|\"'";

}  // namespace

// Reads one text. A part of an expression is told by the exits of its tests that still lead nowhere.
class FilterParser {
 public:
  explicit FilterParser(std::string_view text) : text_(text) {}

  Result<Filter> parse() {
    if (text_.size() > most_bytes) return fail(most_bytes, "a filter of at most 65,536 bytes");
    skip_blanks();
    if (at_ == text_.size()) return Filter();
    auto exits = expression();
    if (!exits) return std::unexpected(std::move(exits.error()));
    if (at_ != text_.size()) return fail(at_, "&&, || or the end");
    connect(exits->when_true, Filter::accept);
    connect(exits->when_false, Filter::reject);
    return std::move(filter_);
  }

 private:
  struct Exit {
    std::uint32_t step = 0;
    bool holds = false;
  };
  struct Exits {
    std::vector<Exit> when_true, when_false;
  };

  Result<Exits> expression() {
    return chain("||", &FilterParser::all, &Exits::when_false, &Exits::when_true);
  }
  Result<Exits> all() { return chain("&&", &FilterParser::one, &Exits::when_true, &Exits::when_false); }

  // Operands that lead on to the next by `onward`, and leave the whole by `away`.
  Result<Exits> chain(std::string_view sign, Result<Exits> (FilterParser::*operand)(),
                      std::vector<Exit> Exits::* onward, std::vector<Exit> Exits::* away) {
    auto whole = (this->*operand)();
    while (whole && take(sign)) {
      connect((*whole).*onward, next_step());
      auto next = (this->*operand)();
      if (!next) return next;
      (*whole).*onward = std::move((*next).*onward);
      ((*whole).*away).insert(((*whole).*away).end(), ((*next).*away).begin(), ((*next).*away).end());
    }
    return whole;
  }

  Result<Exits> one() {
    if (depth_ >= deepest) return fail(at_, "no more than 200 parentheses and '!' within each other");
    if (take("!")) {
      ++depth_;
      auto inner = one();
      --depth_;
      if (inner) std::swap(inner->when_true, inner->when_false);
      return inner;
    }
    const std::size_t open = at_;
    if (!take("(")) return comparison();
    ++depth_;
    auto inner = expression();
    --depth_;
    if (inner && !take(")")) return fail(at_, fmt::format("&&, || or the ')' of the '(' at {}", open + 1));
    return inner;
  }

  Result<Exits> comparison() {
    const std::size_t name_at = at_;
    const std::string_view name = word();
    if (name.empty()) return fail(name_at, "a field, '!' or '('");
    const Field* field = find_field(name);
    if (field == nullptr) {
      return fail(name_at, fmt::format("a field, which '{}' is not (--list-fields tells which there are)",
                                       shown(name)));
    }
    FieldTest test;
    test.field = field;
    if (take_in()) return compared(std::move(test), true);
    const std::size_t sign_at = at_;
    const auto sign = comparison_sign();
    if (!sign) {
      if (field->type != FieldType::flag) return fail(at_, "one of = != < <= > >=" + in_hint(*field));
      test.number = 1;
      return add(std::move(test));
    }
    test.comparison = *sign;
    const bool ordered =
        field->type == FieldType::number || field->type == FieldType::flag || field->type == FieldType::time;
    if (!ordered && *sign != Comparison::equal && *sign != Comparison::not_equal)
      return fail(sign_at, fmt::format("= or !=, as {} has no order{}", field->name, in_hint(*field)));
    return compared(std::move(test), false);
  }

  // The comparison's right-hand side.
  Result<Exits> compared(FieldTest test, bool in) {
    const std::size_t value_at = at_;
    if (in && test.field->type != FieldType::address)
      return fail(value_at,
                  fmt::format("a field of addresses before 'in', which {} is not", test.field->name));
    const auto value = quoted_or_word();
    if (!value) return fail(value_at, "the quote that ends the text");
    if (value->empty() && at_ == value_at) return fail(value_at, expected_value(*test.field, in));
    if (!read_value(*value, in, test)) {
      return fail(value_at,
                  fmt::format("{}, which '{}' is not", expected_value(*test.field, in), shown(*value)));
    }
    skip_blanks();
    return add(std::move(test));
  }

  Exits add(FieldTest test) {
    const std::uint32_t step = next_step();
    filter_.steps_.push_back({.test = std::move(test)});
    return {.when_true = {{step, true}}, .when_false = {{step, false}}};
  }

  std::uint32_t next_step() const { return static_cast<std::uint32_t>(filter_.steps_.size()); }

  void connect(const std::vector<Exit>& exits, std::uint32_t to) {
    for (const Exit exit : exits)
      (exit.holds ? filter_.steps_[exit.step].if_true : filter_.steps_[exit.step].if_false) = to;
  }

  void skip_blanks() { at_ = std::min(text_.find_first_not_of(blanks, at_), text_.size()); }

  bool take(std::string_view sign) {
    if (!text_.substr(at_).starts_with(sign)) return false;
    at_ += sign.size();
    skip_blanks();
    return true;
  }

  std::string_view plain_word() {
    const std::size_t end = std::min(text_.find_first_of(ends_word, at_), text_.size());
    const std::string_view found = text_.substr(at_, end - at_);
    at_ = end;
    return found;
  }

  std::string_view word() {
    const std::string_view found = plain_word();
    skip_blanks();
    return found;
  }

  bool take_in() {
    const std::size_t before = at_;
    if (word() == "in") return true;
    at_ = before;
    return false;
  }

  std::optional<Comparison> comparison_sign() {
    constexpr std::pair<std::string_view, Comparison> signs[] = {{"==", Comparison::equal},
                                                                 {"=", Comparison::equal},
                                                                 {"!=", Comparison::not_equal},
                                                                 {"<=", Comparison::less_or_equal},
                                                                 {">=", Comparison::greater_or_equal},
                                                                 {"<", Comparison::less},
                                                                 {">", Comparison::greater}};
    for (const auto& [sign, comparison] : signs) {
      if (take(sign)) return comparison;
    }
    return std::nullopt;
  }

  // nullopt: a quote that does not end. Nothing taken: there is no word.
  std::optional<std::string_view> quoted_or_word() {
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '"' && quote != '\'') return plain_word();
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view found = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return found;
  }

  static std::string in_hint(const Field& field) {
    return field.type == FieldType::address ? " (or 'in' and a prefix)" : "";
  }

  // A part of the text that may be long.
  static std::string_view shown(std::string_view part) { return part.substr(0, 40); }

  std::unexpected<Error> fail(std::size_t position, std::string_view expected) const {
    const std::string_view rest = text_.substr(std::min(position, text_.size()));
    return std::unexpected(Error::invalid(
        fmt::format("filter, at character {}: expected {}", position + 1, expected),
        rest.empty() ? std::string("there it ends") : fmt::format("there is '{}'", shown(rest))));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  Filter filter_;
};

Result<Filter> Filter::parse(std::string_view text) {
  return FilterParser(text).parse();
}

bool Filter::matches(const Record& record) const {
  std::uint32_t at = steps_.empty() ? accept : 0;
  while (at < steps_.size()) at = steps_[at].test.holds(record) ? steps_[at].if_true : steps_[at].if_false;
  return at == accept;
}

namespace {

bool compare(Comparison comparison, std::int64_t left, std::int64_t right) {
  switch (comparison) {
    case Comparison::equal:
      return left == right;
    case Comparison::not_equal:
      return left != right;
    case Comparison::less:
      return left < right;
    case Comparison::less_or_equal:
      return left <= right;
    case Comparison::greater:
      return left > right;
    case Comparison::greater_or_equal:
      return left >= right;
  }
  return false;
}

}  // namespace

bool FieldTest::holds(const Record& record) const {
  const FieldValue value = field->value(record);
  const bool wanted = comparison == Comparison::equal;
  switch (value.kind()) {
    case FieldValue::Kind::absent:
      return false;
    case FieldValue::Kind::number:
      return compare(comparison, value.number(), number);
    case FieldValue::Kind::text:
      return (value.text() == text) == wanted;
    case FieldValue::Kind::address: {
      const Address& address = value.address();
      const bool within =
          address.family() == first.family() && (in_every_zone || address.scope_id() == first.scope_id()) &&
          address.padded_bytes() >= first.padded_bytes() && address.padded_bytes() <= last.padded_bytes();
      return within == wanted;
    }
  }
  return false;
}

}  // namespace sonde::sweep
