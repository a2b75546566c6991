// gate.cpp: see gate.hpp.
#include "function/gate.hpp"

#include <algorithm>
#include <utility>

#include "net/special_ranges.hpp"

namespace sonde::function {
bool Gate::is_allowed(const Address& address) const {
  return std::ranges::any_of(allowed_,
                             [&](const AddressRange& range) { return net::contains(range, address); });
}

std::optional<std::string_view> Gate::refusal(const Address& address) const {
  if (!is_allowed(address)) {
    if (const net::SpecialRange* special = net::find_listed(address)) return special->meaning;
  }
  // Allowing one of the two says nothing about the other.
  const auto embedded = net::embedded_ipv4(address);
  return embedded ? refusal(*embedded) : std::nullopt;
}

Result<std::vector<AddressRange>> parse_allowed(std::string_view text) {
  std::vector<AddressRange> allowed;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto part = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    if (part.empty()) continue;
    auto range = AddressRange::parse(part);
    if (!range) return std::unexpected(std::move(range.error()));
    allowed.push_back(*range);
  }
  return allowed;
}

}  // namespace sonde::function
