// mtr_command_fuzz.cpp: whatever comes on mtr-packet's standard input is cut into lines and read as commands without harm, and
// what is taken for a probe is one that the library takes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "compat/mtr/command.hpp"
#include "compat/mtr/probe.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void read(std::string_view line) {
  using namespace sonde;
  require(line.find('\n') == std::string_view::npos);
  const auto command = compat::mtr::parse_command(line);
  if (!command) return;
  require(!command->name.empty() && command->arguments.size() <= 16);
  const compat::mtr::Support all{true, true, TransportKind::icmp_datagram, TransportKind::icmp_raw};
  const auto probe = compat::mtr::read_probe(*command, all);
  if (!probe) {
    require(!probe.error().empty());
    return;
  }
  const ProbeOptions& options = probe->options;
  require(options.timeout > Nanoseconds::zero() && options.payload_bytes <= 9000);
  require(options.network.ttl.value_or(0) != 0 && !options.pattern.empty());
  require(!options.network.source || options.network.source->family() == probe->to.family());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sonde::compat::mtr::LineBuffer buffer;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const auto room = buffer.room();
    require(!room.empty());
    const std::size_t count = rest.copy(room.data(), room.size());
    buffer.took(count);
    rest.remove_prefix(count);
    while (const auto line = buffer.next()) read(*line);
    buffer.take_overflow();
  }
  return 0;
}
