// target_list.hpp: every target a command line names, in files and ranges too, as one compact list.
//
// Texts lie end to end in one buffer, 16 bytes of index each; a range is kept as its two ends and its members
// are made when asked for. So a million targets take some 30 MB from a file and nothing from a range.
//
// The order: arguments, then files, then ranges. The same target may come several times; each is a target of
// its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_line.hpp"
#include "cli/ping_options.hpp"
#include "sonde/address.hpp"

namespace sonde::cli {

// One target as the user named it.
struct RequestedTarget {
  std::string text;                // a name or a numeric address; range members: the address
  std::string label;               // what stood behind it in a target file; may be empty
  std::optional<Address> address;  // of numeric targets; unset: a name to be resolved
};

class TargetList {
 public:
  // As many as one run takes (an IPv4 /10): a session holds up to 256 bytes for each, so this is some 1 GiB.
  static constexpr std::size_t most_targets = std::size_t{1} << 22;

  std::size_t size() const { return entries_.size() + range_members_; }
  bool empty() const { return size() == 0; }
  // Requires: index < size().
  RequestedTarget operator[](std::size_t index) const;
  // The address of a numeric target, without its text.
  std::optional<Address> address(std::size_t index) const;

  // Both return false, adding nothing, when the list would grow above most_targets.
  bool add(std::string_view text, std::string_view label = {});
  bool add(const AddressRange& range);

  // What was wrong in target files and left out, "FILE:LINE: ..."; at most `most_warnings` a file, then a
  // count.
  const std::vector<std::string>& warnings() const { return warnings_; }
  void add_warning(std::string warning) { warnings_.push_back(std::move(warning)); }

 private:
  struct Entry {
    std::uint64_t offset;
    std::uint32_t text_length;
    std::uint32_t label_length;
  };
  struct Range {
    Address first;
    std::size_t before;  // members of all earlier ranges
  };

  std::string texts_;
  std::vector<Entry> entries_;
  std::vector<Range> ranges_;
  std::size_t range_members_ = 0;
  std::vector<std::string> warnings_;
};

// Reads the files and ranges of `options` and gathers all targets. Broken lines are left out and become
// warnings. Errors: a file that cannot be read or is binary; nothing to ping; too many targets.
std::expected<TargetList, CommandLineError> expand_targets(const PingOptions& options);

// What else a target must be, apart from an address or a name.
struct TargetRules {
  std::optional<Family> family;  // numeric targets must be of it
  bool has_interface = false;    // so that link-local IPv6 addresses need no zone
};
TargetRules target_rules(const PingOptions& options);

// What is wrong with `text` as a target, `"..." is neither an address nor a name`; nullopt when nothing is.
std::optional<std::string> target_fault(std::string_view text, const TargetRules& rules);
// The same for a range of addresses.
std::optional<std::string> range_fault(std::string_view text, const TargetRules& rules);

}  // namespace sonde::cli
