// sweep_filter_fuzz.cpp: a filter of any text is taken or refused with its place, and what is taken decides
// about every record, and the opposite about the opposite.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sweep/filter.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

sonde::sweep::Record answered() {
  sonde::sweep::Record record;
  record.is_reply = true;
  record.rtt = sonde::Nanoseconds(12'345'678);
  record.ttl = 52;
  record.late = true;
  return record;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sonde::sweep;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto filter = Filter::parse(text);
  if (!filter) {
    require(filter.error().what.starts_with("filter, at character "));
    return 0;
  }
  // Empty texts and those at the bounds have no opposite.
  const auto opposite = Filter::parse("!(" + text + ")");
  if (!opposite) return 0;
  for (const Record& record : {answered(), Record{}})
    require(filter->matches(record) != opposite->matches(record));
  return 0;
}
