// payload.cpp: repeated patterns, copied and compared in whole runs.
#include "wire/payload.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "wire/token.hpp"

namespace sonde::wire {
namespace {

constexpr auto counting_bytes = [] {
  std::array<std::byte, 256 + token_bytes> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i & 0xff);
  return bytes;
}();

struct Patterned {
  std::size_t at;                     // where in the payload the pattern starts
  std::span<const std::byte> period;  // never empty
};

Patterned patterned(std::size_t payload_bytes, std::span<const std::byte> pattern) {
  const std::size_t at = payload_bytes < token_bytes ? 0 : token_bytes;
  if (pattern.empty()) return {at, std::span(counting_bytes).subspan(at, 256)};
  return {at, pattern};
}

}  // namespace

void fill_payload(std::span<std::byte> payload, std::span<const std::byte> pattern) {
  const auto [at, period] = patterned(payload.size(), pattern);
  for (auto rest = payload.subspan(at); !rest.empty();) {
    const std::size_t run = std::min(rest.size(), period.size());
    std::memcpy(rest.data(), period.data(), run);
    rest = rest.subspan(run);
  }
}

bool payload_matches(std::span<const std::byte> payload, std::span<const std::byte> pattern) {
  const auto [at, period] = patterned(payload.size(), pattern);
  const auto rest = payload.subspan(at);
  if (rest.empty()) return true;
  const std::size_t first_run = std::min(rest.size(), period.size());
  if (std::memcmp(rest.data(), period.data(), first_run) != 0) return false;
  // What follows the first period equals what lies one period before it.
  const std::size_t others = rest.size() - first_run;
  return others == 0 || std::memcmp(rest.data(), rest.data() + first_run, others) == 0;
}

}  // namespace sonde::wire
