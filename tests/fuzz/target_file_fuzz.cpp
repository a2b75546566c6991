// target_file_fuzz.cpp: a target file of any bytes, in any pieces, gives only plausible targets and few
// warnings.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cli/target_file.hpp"
#include "cli/target_list.hpp"
#include "text/host_name.hpp"
#include "text/utf8.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

// The first byte is the size of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sonde::cli;
  if (size == 0) return 0;
  const std::size_t piece = std::max<std::size_t>(1, data[0]);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  TargetList list;
  TargetFileReader reader("fuzz", {}, list);
  bool read = true;
  for (std::size_t at = 0; at < text.size() && read; at += piece)
    read = reader.feed(text.substr(at, piece)).has_value();
  if (read) require(reader.finish().has_value());
  for (std::size_t i = 0; i < list.size(); ++i) {
    const RequestedTarget target = list[i];
    require(target.address || sonde::text::is_plausible_host_name(target.text));
    require(sonde::text::is_utf8(target.label) &&
            target.label.find_first_of("\n\r\x1b") == std::string::npos);
  }
  require(list.warnings().size() <= TargetFileReader::most_warnings + 1);
  return 0;
}
