// target_space.hpp: the addresses of a sweep as numbers: index -> address and back, for prefixes, ranges and hitlists.
//
// IPv4 before IPv6, each ascending, however they were written: equal sets have equal numbers, and a checkpoint of one
// fits the other. Ranges are kept sorted and disjoint with prefix sums, so a /8 costs as much as a /30; lists are
// sorted arrays of 4 or 16 bytes an address (target_space_numbering.hpp). What is in a range is in no list.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/address.hpp"
#include "sonde/error.hpp"
#include "sweep/target_file.hpp"
#include "sweep/target_space_numbering.hpp"

namespace sonde::sweep {

// Immutable: safe to share between threads.
class TargetSpace {
 public:
  // Empty.
  TargetSpace() = default;

  // How many addresses. At most 2^63; the builder refuses more.
  std::uint64_t size() const { return ipv4_.size() + ipv6_.size(); }
  // Requires: index < size().
  Address at(std::uint64_t index) const {
    return index < ipv4_.size() ? address_of(ipv4_.at(index)) : address_of(ipv6_.at(index - ipv4_.size()));
  }
  // nullopt: not in the space. No address with a zone is.
  std::optional<std::uint64_t> index_of(const Address& address) const;
  // Of the set alone, however it was written: equal sets have equal digests. 64 bits of a fixed hash.
  // Reads the whole space, a range at once and a list entry by entry.
  std::uint64_t digest() const;

 private:
  friend class TargetSpaceBuilder;
  TargetSpace(Numbering<Ipv4Word> ipv4, Numbering<Ipv6Word> ipv6)
      : ipv4_(std::move(ipv4)), ipv6_(std::move(ipv6)) {}

  Numbering<Ipv4Word> ipv4_;
  Numbering<Ipv6Word> ipv6_;
};

// Gathers what is named, then makes the space of it. One thread's.
class TargetSpaceBuilder {
 public:
  TargetSpaceBuilder();
  ~TargetSpaceBuilder();

  TargetSpaceBuilder(TargetSpaceBuilder&&) noexcept;
  TargetSpaceBuilder& operator=(TargetSpaceBuilder&&) noexcept;

  // A range with a zone ("fe80::1%eth0") is refused by build().
  void add(const AddressRange& range);
  void exclude(const AddressRange& range);
  // The lines of a file (target_file.hpp); "-" is standard input. 10 million lines of IPv4 in a second.
  // Errors: of opening and reading. A bad line is told in the result and is no error: whoever excludes by a file will
  // want to stop there.
  Result<FileReading> add_file(const std::string& path);
  Result<FileReading> exclude_file(const std::string& path);
  // Leaves in what IANA's registries call special (net/special_ranges.hpp), which is otherwise taken out.
  // 255.255.255.255 is in no space.
  void allow_special();

  struct Built {
    TargetSpace space;
    std::uint64_t named = 0;     // before anything was taken out, overlaps counted once; saturates
    std::uint64_t excluded = 0;  // by exclude(), of those
    std::uint64_t special = 0;   // by the registries, of the rest; saturate too
  };
  // The builder is as new afterwards. Errors: invalid_argument when more than 2^63 addresses are left, or a range had
  // a zone.
  Result<Built> build();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sonde::sweep
