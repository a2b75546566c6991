// target_list.cpp: every target a command line names, as one compact list.
#include "cli/target_list.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/target_file.hpp"
#include "text/host_name.hpp"
#include "text/printable.hpp"
#include "text/quote.hpp"

namespace sonde::cli {
namespace {

std::string family_fault(std::string_view text, Family is, Family wanted) {
  return fmt::format("{} is {}, but {} is asked for (-4, -6 or --source)", text::in_quotes(text),
                     to_string(is), to_string(wanted));
}

bool lacks_zone(const Address& address, const TargetRules& rules) {
  return !address.is_ipv4() && address.is_link_local() && address.scope_id() == 0 && !rules.has_interface;
}

constexpr std::string_view zone_advice =
    "is link-local: name its interface, as in fe80::1%eth0, or with --interface";

}  // namespace

TargetRules target_rules(const PingOptions& options) {
  return {.family = options.family, .has_interface = !options.interface.empty()};
}

std::optional<std::string> target_fault(std::string_view text, const TargetRules& rules) {
  const auto address = Address::parse(text);
  if (address) {
    if (rules.family && address->family() != *rules.family) {
      return family_fault(text, address->family(), *rules.family);
    }
    if (lacks_zone(*address, rules)) return fmt::format("{} {}", text::in_quotes(text), zone_advice);
    return std::nullopt;
  }
  if (address.error().code == ErrorCode::not_found) {
    return fmt::format("{} names an interface that does not exist", text::in_quotes(text));
  }
  if (text::is_plausible_host_name(text)) return std::nullopt;
  if (AddressRange::parse(text))
    return fmt::format("{} is a range of addresses; use -g for it", text::in_quotes(text));
  return fmt::format("{} is neither an address nor a name", text::in_quotes(text));
}

std::optional<std::string> range_fault(std::string_view text, const TargetRules& rules) {
  const auto range = AddressRange::parse(text);
  if (!range) {
    return fmt::format("{} is not a range of addresses (PREFIX, FIRST-LAST or FIRST LAST): {}",
                       text::in_quotes(text), range.error().what);
  }
  if (rules.family && range->first().family() != *rules.family) {
    return family_fault(text, range->first().family(), *rules.family);
  }
  if (lacks_zone(range->first(), rules)) return fmt::format("{} {}", text::in_quotes(text), zone_advice);
  return std::nullopt;
}

RequestedTarget TargetList::operator[](std::size_t index) const {
  RequestedTarget target;
  target.address = address(index);
  if (index < entries_.size()) {
    const Entry& entry = entries_[index];
    const std::string_view texts = texts_;
    target.text = texts.substr(entry.offset, entry.text_length);
    target.label = texts.substr(entry.offset + entry.text_length, entry.label_length);
  } else if (target.address) {
    target.text = target.address->to_string();
  }
  return target;
}

std::optional<Address> TargetList::address(std::size_t index) const {
  if (index < entries_.size()) {
    const Entry& entry = entries_[index];
    const auto address = Address::parse(std::string_view(texts_).substr(entry.offset, entry.text_length));
    return address ? std::optional(*address) : std::nullopt;
  }
  const auto after = std::ranges::upper_bound(ranges_, index - entries_.size(), {}, &Range::before);
  const Range& range = *std::prev(after);
  return range.first.plus(index - entries_.size() - range.before);
}

bool TargetList::add(std::string_view text, std::string_view label) {
  if (size() >= most_targets) return false;
  entries_.push_back(
      {texts_.size(), static_cast<std::uint32_t>(text.size()), static_cast<std::uint32_t>(label.size())});
  texts_ += text;
  texts_ += label;
  return true;
}

bool TargetList::add(const AddressRange& range) {
  const AddressRange hosts = range.hosts();
  if (hosts.size() > most_targets - size()) return false;
  ranges_.push_back({hosts.first(), range_members_});
  range_members_ += hosts.size();
  return true;
}

std::expected<TargetList, CommandLineError> expand_targets(const PingOptions& options) {
  TargetList list;
  const TargetRules rules = target_rules(options);
  for (const std::string& target : options.targets) list.add(target);
  for (const std::string& file : options.files) {
    if (auto read = read_target_file(file, rules, list); !read)
      return std::unexpected(std::move(read.error()));
  }
  for (const std::string& text : options.ranges) {
    const auto range = AddressRange::parse(text);
    if (range && list.add(*range)) continue;
    const std::string reason =
        range ? fmt::format(
                    "with {} of {} addresses there are more than {} targets; split it over several runs",
                    text::in_quotes(text), range->hosts().size(), TargetList::most_targets)
              : fmt::format("{} is not a range of addresses", text::in_quotes(text));
    return std::unexpected(CommandLineError{fmt::format("sonde: --generate: {}", reason)});
  }
  if (!list.empty()) return list;
  std::string message;
  for (const std::string& warning : list.warnings())
    message += fmt::format("sonde: {}\n", text::printable(warning));
  message += fmt::format("sonde: no target in {}",
                         text::printable(fmt::format("{}", fmt::join(options.files, ", "))));
  return std::unexpected(CommandLineError{std::move(message)});
}

}  // namespace sonde::cli
