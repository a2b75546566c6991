// target_space_builder.cpp: from what was named to a space: united, less the exclusions, less the special ranges.
#include <optional>
#include <utility>

#include "net/special_ranges.hpp"
#include "sweep/target_space.hpp"
#include "sweep/target_space_sort.hpp"

namespace sonde::sweep {
namespace {

constexpr std::uint64_t most_addresses = std::uint64_t{1} << 63;

Error zone_refused(const AddressRange& range) {
  return Error::invalid("a sweep has no zones", range.first().to_string(), "leave out what is behind '%'");
}

// What no space holds, and what it holds only if asked to.
NamedAddresses kept_out(bool allow_special) {
  NamedAddresses special;
  special.ipv4.ranges.push_back({last_word<Ipv4Word>, last_word<Ipv4Word>});
  if (allow_special) return special;
  for (const AddressRange& range : net::special_address_ranges()) special.add(range);
  return special;
}

template <typename Word>
WordRanges<Word> as_ranges(NamedWords<Word> named) {
  WordRanges<Word> ranges = std::move(named.ranges);
  ranges.reserve(ranges.size() + named.list.size());
  for (const Word word : named.list) ranges.push_back({word, word});
  normalise(ranges);
  return ranges;
}

// One family's addresses on their way to a space; the list holds nothing that the ranges hold.
template <typename Word>
class Union {
 public:
  explicit Union(NamedWords<Word> named) : named_(std::move(named)) {
    normalise(named_.ranges);
    sort_and_unite(named_.list);
    take_out(named_.list, named_.ranges);
  }

  std::uint64_t size() const { return saturating_sum(size_of(named_.ranges), named_.list.size()); }

  // Says how many addresses that were.
  std::uint64_t take(NamedWords<Word> holes) {
    const WordRanges<Word> ranges = as_ranges(std::move(holes));
    const std::uint64_t from_ranges = take_out(named_.ranges, ranges);
    return saturating_sum(from_ranges, take_out(named_.list, ranges));
  }

  Numbering<Word> number() && { return Numbering<Word>(named_.ranges, std::move(named_.list)); }

 private:
  NamedWords<Word> named_;
};

}  // namespace

struct TargetSpaceBuilder::Parts {
  NamedAddresses targets, exclusions;
  bool allow_special = false;
  std::optional<Error> refused;

  void add(NamedAddresses& to, const AddressRange& range) {
    if (range.first().scope_id() == 0) {
      to.add(range);
    } else if (!refused) {
      refused = zone_refused(range);
    }
  }
};

TargetSpaceBuilder::TargetSpaceBuilder() : parts_(std::make_unique<Parts>()) {}
TargetSpaceBuilder::~TargetSpaceBuilder() = default;
TargetSpaceBuilder::TargetSpaceBuilder(TargetSpaceBuilder&&) noexcept = default;
TargetSpaceBuilder& TargetSpaceBuilder::operator=(TargetSpaceBuilder&&) noexcept = default;

void TargetSpaceBuilder::add(const AddressRange& range) {
  parts_->add(parts_->targets, range);
}

void TargetSpaceBuilder::exclude(const AddressRange& range) {
  parts_->add(parts_->exclusions, range);
}

Result<FileReading> TargetSpaceBuilder::add_file(const std::string& path) {
  return read_target_file(path, FileKind::targets, parts_->targets);
}

Result<FileReading> TargetSpaceBuilder::exclude_file(const std::string& path) {
  return read_target_file(path, FileKind::exclusions, parts_->exclusions);
}

void TargetSpaceBuilder::allow_special() {
  parts_->allow_special = true;
}

Result<TargetSpaceBuilder::Built> TargetSpaceBuilder::build() {
  Parts parts = std::exchange(*parts_, Parts{});
  if (parts.refused) return std::unexpected(*parts.refused);

  Union<Ipv4Word> ipv4(std::move(parts.targets.ipv4));
  Union<Ipv6Word> ipv6(std::move(parts.targets.ipv6));
  Built built;
  built.named = saturating_sum(ipv4.size(), ipv6.size());
  const std::uint64_t excluded = ipv4.take(std::move(parts.exclusions.ipv4));
  built.excluded = saturating_sum(excluded, ipv6.take(std::move(parts.exclusions.ipv6)));
  NamedAddresses special = kept_out(parts.allow_special);
  const std::uint64_t special_ipv4 = ipv4.take(std::move(special.ipv4));
  built.special = saturating_sum(special_ipv4, ipv6.take(std::move(special.ipv6)));

  if (saturating_sum(ipv4.size(), ipv6.size()) > most_addresses) {
    return std::unexpected(Error::invalid("more than 2^63 addresses to sweep", {},
                                          "name longer prefixes, or a file of addresses"));
  }
  built.space = TargetSpace(std::move(ipv4).number(), std::move(ipv6).number());
  return built;
}

}  // namespace sonde::sweep
