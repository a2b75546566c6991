// special_ranges.cpp: see special_ranges.hpp.
#include "net/special_ranges.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

namespace sonde::net {
namespace {

constexpr std::array table = {
    // --- IPv4
    SpecialRange{"0.0.0.0/8", "this network (RFC 791)"},
    SpecialRange{"10.0.0.0/8", "private use (RFC 1918)"},
    SpecialRange{"100.64.0.0/10", "shared address space (RFC 6598)"},  // Alibaba's metadata: 100.100.100.200
    SpecialRange{"127.0.0.0/8", "loopback (RFC 1122)"},
    SpecialRange{"169.254.0.0/16",
                 "link local (RFC 3927)"},  // metadata: 169.254.169.254, 169.254.170.2, 169.254.0.23
    SpecialRange{"172.16.0.0/12", "private use (RFC 1918)"},
    SpecialRange{"192.0.0.0/24", "IETF protocol assignments (RFC 6890)"},  // Oracle's metadata: 192.0.0.192
    SpecialRange{"192.0.2.0/24", "documentation (RFC 5737)"},
    SpecialRange{"192.88.99.0/24", "6to4 relay anycast (RFC 7526)"},
    SpecialRange{"192.168.0.0/16", "private use (RFC 1918)"},
    SpecialRange{"198.18.0.0/15", "benchmarking (RFC 2544)"},
    SpecialRange{"198.51.100.0/24", "documentation (RFC 5737)"},
    SpecialRange{"203.0.113.0/24", "documentation (RFC 5737)"},
    SpecialRange{"224.0.0.0/4", "multicast (RFC 5771)"},
    SpecialRange{"255.255.255.255/32", "limited broadcast (RFC 919)"},
    SpecialRange{"240.0.0.0/4", "reserved (RFC 1112)"},
    SpecialRange{"168.63.129.16/32", "the platform's own (Azure's virtual public address)"},
    // --- IPv6
    SpecialRange{"::/128", "unspecified (RFC 4291)"},
    SpecialRange{"::1/128", "loopback (RFC 4291)"},
    SpecialRange{"::ffff:0:0/96", "IPv4-mapped (RFC 4291)"},
    SpecialRange{"::/96", "IPv4-compatible (RFC 4291)"},
    SpecialRange{"64:ff9b:1::/48", "local-use translation (RFC 8215)"},
    SpecialRange{"100::/64", "discard only (RFC 6666)"},
    SpecialRange{"100:0:0:1::/64", "dummy prefix (RFC 9780)"},
    SpecialRange{"2001::/32", "Teredo (RFC 4380)"},
    SpecialRange{"2001:2::/48", "benchmarking (RFC 5180)"},
    SpecialRange{"2001:10::/28", "ORCHID (RFC 4843)"},
    SpecialRange{"2001:20::/28", "ORCHIDv2 (RFC 7343)"},
    SpecialRange{"2001::/23", "IETF protocol assignments (RFC 2928)"},
    SpecialRange{"2001:db8::/32", "documentation (RFC 3849)"},
    SpecialRange{"3fff::/20", "documentation (RFC 9637)"},
    SpecialRange{"5f00::/16", "segment routing (RFC 9602)"},
    SpecialRange{"fc00::/7", "unique local (RFC 4193)"},  // Amazon's metadata: fd00:ec2::254
    SpecialRange{"fe80::/10", "link local (RFC 4291)"},
    SpecialRange{"fec0::/10", "site local (RFC 3879)"},
    SpecialRange{"ff00::/8", "multicast (RFC 4291)"},
    // What is left is 2000::/3 and, for translated IPv4, 64:ff9b::/96.
    SpecialRange{"::-64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", "not global unicast (RFC 4291)"},
    SpecialRange{"64:ff9b::1:0:0-1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "not global unicast (RFC 4291)"},
    SpecialRange{"4000::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "not global unicast (RFC 4291)"},
};

// Where an IPv6 address keeps an IPv4 address: behind which bytes. Teredo, which hides its own, is special as a whole.
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

std::span<const std::byte> prefix_of(const Embedding& embedding) {
  return std::as_bytes(std::span(embedding.prefix)).first(embedding.prefix_bytes);
}

// The address that carries `ipv4`, with every byte behind it as `rest`.
Address carrying(const Embedding& embedding, const Address& ipv4, std::byte rest) {
  std::array<std::byte, 16> bytes{};
  bytes.fill(rest);
  const auto behind = std::ranges::copy(prefix_of(embedding), bytes.begin()).out;
  std::ranges::copy(ipv4.bytes(), behind);
  return Address::ipv6(bytes);
}

struct Parsed {
  AddressRange range;
  const SpecialRange* special;
};

// Read once, when the first address is judged.
const std::vector<Parsed>& parsed_table() {
  static const std::vector<Parsed> parsed = [] {
    std::vector<Parsed> ranges;
    ranges.reserve(table.size());
    for (const SpecialRange& special : table) {
      ranges.push_back({AddressRange::parse(special.prefix).value_or(AddressRange()), &special});
    }
    return ranges;
  }();
  return parsed;
}

}  // namespace

std::span<const SpecialRange> special_ranges() {
  return table;
}

bool contains(const AddressRange& range, const Address& address) {
  if (range.first().family() != address.family()) return false;
  const auto within = address.bytes();
  const auto first = range.first().padded_bytes();
  const auto last = range.last().padded_bytes();
  const auto size = static_cast<std::ptrdiff_t>(within.size());
  return !std::lexicographical_compare(within.begin(), within.end(), first.begin(), first.begin() + size) &&
         !std::lexicographical_compare(last.begin(), last.begin() + size, within.begin(), within.end());
}

std::vector<AddressRange> special_address_ranges() {
  std::vector<AddressRange> ranges;
  for (const Parsed& parsed : parsed_table()) {
    ranges.push_back(parsed.range);
    if (!parsed.range.first().is_ipv4()) continue;
    for (const Embedding& embedding : embeddings) {
      const Address first = carrying(embedding, parsed.range.first(), std::byte{0});
      const Address last = carrying(embedding, parsed.range.last(), std::byte{0xff});
      const auto range = AddressRange::parse(first.to_string() + "-" + last.to_string());
      if (range) ranges.push_back(*range);
    }
  }
  return ranges;
}

std::optional<Address> embedded_ipv4(const Address& address) {
  // ::1 is loopback and no 0.0.0.1.
  if (address.is_ipv4() || address.is_loopback() || address.is_any()) return std::nullopt;
  const auto bytes = address.bytes();
  for (const Embedding& embedding : embeddings) {
    if (!std::ranges::equal(prefix_of(embedding), bytes.first(embedding.prefix_bytes))) continue;
    return Address::ipv4(bytes.subspan(embedding.prefix_bytes).first<4>());
  }
  return std::nullopt;
}

const SpecialRange* find_listed(const Address& address) {
  const auto& ranges = parsed_table();
  const auto found =
      std::ranges::find_if(ranges, [&](const Parsed& parsed) { return contains(parsed.range, address); });
  return found == ranges.end() ? nullptr : found->special;
}

const SpecialRange* find_special(const Address& address) {
  if (const SpecialRange* listed = find_listed(address)) return listed;
  const auto embedded = embedded_ipv4(address);
  return embedded ? find_listed(*embedded) : nullptr;
}

}  // namespace sonde::net
