// lookup.cpp: see lookup.hpp.
#include "compat/lookup.hpp"

#include <netdb.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include "net/memory.hpp"
#include "net/socket_address.hpp"

namespace sonde::compat {

std::string LookupFailure::text() const {
  return code == EAI_SYSTEM ? std::generic_category().message(system_errno) : ::gai_strerror(code);
}

std::expected<Lookup, LookupFailure> look_up(const std::string& name, std::optional<Family> family,
                                             int flags) {
  addrinfo wanted{};
  wanted.ai_flags = AI_CANONNAME | flags;
  wanted.ai_family = !family ? AF_UNSPEC : *family == Family::ipv4 ? AF_INET : AF_INET6;
  wanted.ai_socktype = SOCK_RAW;  // one entry an address
  net::need_memory();
  addrinfo* list = nullptr;
  errno = 0;
  if (const int code = ::getaddrinfo(name.c_str(), nullptr, &wanted, &list); code != 0) {
    return std::unexpected(LookupFailure{code, errno});
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(list, ::freeaddrinfo);
  Lookup found;
  found.canonical_name = list->ai_canonname != nullptr ? list->ai_canonname : name;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    const auto address = net::SocketAddress::from(entry->ai_addr, entry->ai_addrlen);
    if (!address || std::ranges::find(found.addresses, address->address()) != found.addresses.end()) continue;
    found.addresses.push_back(address->address());
  }
  if (found.addresses.empty()) return std::unexpected(LookupFailure{EAI_NONAME, 0});
  return found;
}

std::optional<std::string> name_of(const Address& address, int flags) {
  net::need_memory();
  const auto socket_address = net::SocketAddress::from(address);
  std::array<char, NI_MAXHOST> name{};
  if (::getnameinfo(socket_address.data(), socket_address.size(), name.data(), name.size(), nullptr, 0,
                    NI_NAMEREQD | flags) != 0) {
    return std::nullopt;
  }
  return name.data();
}

}  // namespace sonde::compat
