// extensions.cpp: see extensions.hpp.
#include "wire/extensions.hpp"

#include "wire/bytes.hpp"
#include "wire/checksum.hpp"
#include "wire/icmp.hpp"

namespace sonde::wire {
namespace {

constexpr std::size_t extension_offset = 128;
constexpr std::size_t structure_header_bytes = 4, object_header_bytes = 4, label_bytes = 4;

bool may_carry_extensions(Family family, std::uint8_t type) {
  if (family == Family::ipv6) return type == icmpv6_destination_unreachable || type == icmpv6_time_exceeded;
  return type == icmpv4_destination_unreachable || type == icmpv4_time_exceeded ||
         type == icmpv4_parameter_problem;
}

bool is_structure(std::span<const std::byte> bytes) {
  return bytes.size() >= structure_header_bytes && (load_u8(bytes, 0) >> 4) == 2;
}

bool looks_like_extensions(std::span<const std::byte> bytes) {
  return is_structure(bytes) && load_be16(bytes, 2) != 0 && internet_checksum(bytes) == 0;
}

}  // namespace

QuoteParts split_quote(Family family, std::span<const std::byte> message) {
  const auto quote = message.subspan(echo_header_bytes);
  if (!may_carry_extensions(family, load_u8(message, 0)) || quote.size() <= extension_offset)
    return {quote, {}};
  const std::size_t length =
      family == Family::ipv4 ? std::size_t{4} * load_u8(message, 5) : std::size_t{8} * load_u8(message, 4);
  if (length >= extension_offset && length <= quote.size())
    return {quote.first(length), quote.subspan(length)};
  if (length == 0 && looks_like_extensions(quote.subspan(extension_offset)))
    return {quote.first(extension_offset), quote.subspan(extension_offset)};
  return {quote, {}};
}

std::span<const std::byte> extensions_behind(std::span<const std::byte> quote, std::size_t missing) {
  if (missing > extension_offset || quote.size() <= extension_offset - missing) return {};
  const auto rest = quote.subspan(extension_offset - missing);
  return looks_like_extensions(rest) ? rest : std::span<const std::byte>();
}

std::span<const std::byte> mpls_label_stack(std::span<const std::byte> extensions) {
  constexpr std::uint8_t mpls_class = 1, incoming_stack = 1;
  if (!is_structure(extensions)) return {};
  // A checksum of 0 says that there is none.
  if (load_be16(extensions, 2) != 0 && internet_checksum(extensions) != 0) return {};
  auto rest = extensions.subspan(structure_header_bytes);
  while (rest.size() >= object_header_bytes) {
    const std::size_t bytes = load_be16(rest, 0);
    if (bytes < object_header_bytes || bytes > rest.size()) return {};
    if (load_u8(rest, 2) == mpls_class && load_u8(rest, 3) == incoming_stack) {
      const std::size_t labels = (bytes - object_header_bytes) / label_bytes;
      return rest.subspan(object_header_bytes, labels * label_bytes);
    }
    rest = rest.subspan(bytes);
  }
  return {};
}

}  // namespace sonde::wire
