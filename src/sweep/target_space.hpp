// target_space.hpp: the addresses of a sweep as numbers: index -> address and back, for prefixes, ranges and hitlists.
//
// IPv4 before IPv6, ranges before lists, each ascending. Ranges are kept sorted and disjoint with prefix sums, so a /8
// costs as much as a /30; lists are sorted arrays of 4 or 16 bytes an address. What is in a range is in no list.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/address.hpp"
#include "sonde/error.hpp"

namespace sonde::sweep {

// Immutable: safe to share between threads.
class TargetSpace {
 public:
  // How many addresses. At most 2^63; the builder refuses more.
  std::uint64_t size() const;
  // Requires: index < size().
  Address at(std::uint64_t index) const;
  // nullopt: not in the space.
  std::optional<std::uint64_t> index_of(const Address& address) const;
  // Of the set alone, however it was written: equal sets have equal digests. 64 bits of a fixed hash.
  std::uint64_t digest() const;

 private:
  friend class TargetSpaceBuilder;
};

// What a file's lines were.
struct FileReading {
  std::uint64_t taken = 0;
  struct BadLine {
    std::uint64_t line = 0;  // from 1
    std::string why;
  };
  std::vector<BadLine> bad;  // the first 20
  std::uint64_t bad_lines = 0;
};

// Gathers what is named, then makes the space of it.
class TargetSpaceBuilder {
 public:
  TargetSpaceBuilder();
  ~TargetSpaceBuilder();

  void add(const AddressRange& range);
  void exclude(const AddressRange& range);
  // One address, prefix or range a line (AddressRange::parse), blank lines and comments behind '#' apart; a line may
  // go on behind whitespace or a comma, as zmap's and masscan's lists do. "-" is standard input. Files of single
  // addresses are read at their own speed (mapped, in parallel to nothing): 10 million lines of IPv4 in a second.
  // Errors: of opening and reading. A bad line is told in the result and is no error.
  Result<FileReading> add_file(const std::string& path);
  Result<FileReading> exclude_file(const std::string& path);
  // Leaves in what IANA's registries call special (net/special_ranges.hpp), which is otherwise taken out.
  void allow_special();

  struct Built {
    TargetSpace space;
    std::uint64_t named = 0;     // before anything was taken out, overlaps counted once; saturates
    std::uint64_t excluded = 0;  // by exclude(), of those
    std::uint64_t special = 0;   // by the registries, of the rest
  };
  // The builder is empty afterwards. Errors: invalid_argument when more than 2^63 addresses are left.
  Result<Built> build();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sonde::sweep
