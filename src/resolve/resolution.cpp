// resolution.cpp: addresses of a name, filtered and put in order.
#include "resolve/resolution.hpp"

#include <sys/socket.h>

#include <tuple>

#include "net/file_descriptor.hpp"
#include "net/socket_address.hpp"

namespace sonde::resolve {
namespace {

// Connecting a datagram socket sends nothing; it fails when there is no route or no source address.
bool has_route(const Address& address) {
  constexpr std::uint16_t discard_port = 9;
  const net::FileDescriptor socket(
      ::socket(net::address_family(address.family()), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto destination = net::SocketAddress::from(address, discard_port);
  return socket && ::connect(socket.get(), destination.data(), destination.size()) == 0;
}

// RFC 6724 section 2.1.
int precedence(const Address& address) {
  if (address.is_ipv4()) return 35;
  if (address.is_loopback()) return 50;
  const auto bytes = address.bytes();
  const auto first = std::to_integer<unsigned>(bytes[0]);
  const auto second = std::to_integer<unsigned>(bytes[1]);
  if (first == 0x20 && second == 0x02) return 30;
  if (first == 0x20 && second == 0x01 && bytes[2] == std::byte{0} && bytes[3] == std::byte{0}) return 5;
  if ((first & 0xfe) == 0xfc) return 3;
  return 40;
}

}  // namespace

Error no_address(const std::string& name, FamilyFilter filter) {
  std::string what = "name has no address";
  if (filter != FamilyFilter::any) {
    what = std::string("name has no ") + (filter == FamilyFilter::ipv4 ? "IPv4" : "IPv6") + " address";
  }
  return Error{
      .code = ErrorCode::not_found, .system_errno = 0, .what = std::move(what), .subject = name, .hint = {}};
}

Result<Resolution> filtered(Resolution resolution, const std::string& name, FamilyFilter filter) {
  std::vector<ResolvedAddress> kept;
  for (const auto& candidate : resolution.addresses) {
    const bool known = std::any_of(kept.begin(), kept.end(),
                                   [&](const auto& other) { return other.address == candidate.address; });
    if (!known && admits(filter, candidate.address.family())) kept.push_back(candidate);
  }
  if (kept.empty()) return std::unexpected(no_address(name, filter));
  resolution.addresses = std::move(kept);
  return resolution;
}

void order_destinations(std::vector<ResolvedAddress>& addresses) {
  if (addresses.size() < 2) return;
  struct Ranked {
    int rank;
    std::size_t place;  // before sorting
    ResolvedAddress address;
  };
  std::vector<Ranked> ranked;
  for (const auto& candidate : addresses) {
    const int unreachable_penalty = has_route(candidate.address) ? 0 : 1000;
    ranked.push_back({unreachable_penalty - precedence(candidate.address), ranked.size(), candidate});
  }
  std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return std::tie(a.rank, a.place) < std::tie(b.rank, b.place);
  });
  for (std::size_t i = 0; i < ranked.size(); ++i) addresses[i] = ranked[i].address;
}

}  // namespace sonde::resolve
