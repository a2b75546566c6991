// gate.cpp: see gate.hpp.
#include "function/gate.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "net/special_ranges.hpp"

namespace sonde::function {
namespace {

// Where an IPv6 address keeps an IPv4 address: behind which bytes.
struct Embedding {
  std::array<unsigned char, 12> prefix;
  std::size_t prefix_bytes;  // and where the four bytes begin
};

constexpr std::array embeddings = {
    Embedding{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 12},  // ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2)
    Embedding{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 12},        // ::a.b.c.d (RFC 4291 section 2.5.5.1)
    Embedding{{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0}, 12},  // ::ffff:0:a.b.c.d (RFC 2765)
    Embedding{{0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0}, 12},  // 64:ff9b::a.b.c.d (RFC 6052)
    Embedding{{0x20, 0x02}, 2},                                    // 2002:a.b.c.d:: (RFC 3056)
};

}  // namespace

std::optional<Address> embedded_ipv4(const Address& address) {
  if (address.is_ipv4()) return std::nullopt;
  const auto bytes = address.bytes();
  for (const Embedding& embedding : embeddings) {
    const auto prefix = std::as_bytes(std::span(embedding.prefix)).first(embedding.prefix_bytes);
    if (!std::ranges::equal(prefix, bytes.first(embedding.prefix_bytes))) continue;
    return Address::ipv4(bytes.subspan(embedding.prefix_bytes).first<4>());
  }
  return std::nullopt;
}

bool Gate::is_allowed(const Address& address) const {
  return std::ranges::any_of(allowed_,
                             [&](const AddressRange& range) { return net::contains(range, address); });
}

std::optional<std::string_view> Gate::refusal(const Address& address) const {
  if (!is_allowed(address)) {
    if (const net::SpecialRange* special = net::find_special(address)) return special->meaning;
  }
  // ::1 is loopback and no 0.0.0.1; the table names such whole ranges itself.
  const auto embedded = address.is_loopback() || address.is_any() ? std::nullopt : embedded_ipv4(address);
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
