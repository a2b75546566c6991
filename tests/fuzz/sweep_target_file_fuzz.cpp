// sweep_target_file_fuzz.cpp: a hitlist of any bytes names the same in any pieces, and no address that Address::parse()
// would not; what is told of its bad lines is printable.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sweep/target_file.hpp"
#include "sweep/target_file_address.hpp"

namespace {

using namespace sonde::sweep;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Read {
  NamedAddresses addresses;
  FileReading reading;
};

Read read(std::string_view text, FileKind kind, std::size_t piece) {
  Read result;
  TargetFileReader reader(kind, result.addresses);
  for (std::size_t at = 0; at < text.size(); at += piece) reader.feed(text.substr(at, piece));
  result.reading = reader.finish();
  return result;
}

template <typename Word>
void require_plausible(const NamedWords<Word>& named) {
  for (const auto& range : named.ranges) require(range.first <= range.last);
}

template <typename Word>
void require_same(const NamedWords<Word>& one, const NamedWords<Word>& other) {
  require(one.list == other.list && one.ranges == other.ranges);
}

// The quick reader knows no address that the other does not, and gives it the same bytes.
template <typename Word>
void require_same_as_parse(std::string_view text) {
  Word word = 0;
  std::string_view rest = text;
  if (!take_address(rest, word)) return;
  const auto parsed = sonde::Address::parse(text.substr(0, text.size() - rest.size()));
  require(parsed.has_value() && *parsed == address_of(word));
}

}  // namespace

// The first byte is the kind and the size of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const FileKind kind = data[0] % 2 == 0 ? FileKind::targets : FileKind::exclusions;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  require_same_as_parse<Ipv4Word>(text);
  require_same_as_parse<Ipv6Word>(text);

  const Read whole = read(text, kind, std::max<std::size_t>(1, text.size()));
  const Read pieces = read(text, kind, data[0] / 2 + 1U);
  require_plausible(whole.addresses.ipv4);
  require_plausible(whole.addresses.ipv6);
  // A line that was cut in two goes another way, and must end in the same place.
  require_same(whole.addresses.ipv4, pieces.addresses.ipv4);
  require_same(whole.addresses.ipv6, pieces.addresses.ipv6);
  require(whole.reading.taken == pieces.reading.taken && whole.reading.bad_lines == pieces.reading.bad_lines);
  require(whole.reading.bad.size() ==
          std::min<std::uint64_t>(whole.reading.bad_lines, TargetFileReader::most_bad_told));
  for (const auto& bad : whole.reading.bad) {
    require(bad.line > 0 && std::ranges::all_of(bad.why, [](char c) { return c >= 0x20 && c < 0x7f; }));
  }
  return 0;
}
