// lookup.hpp: names to addresses and back by the system's own resolver, as the tools that sonde stands in for ask it: what
// /etc/hosts, nsswitch.conf and the locale say decides, and a failure has getaddrinfo(3)'s words.
//
// Blocks. Callable from any thread.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "sonde/address.hpp"

namespace sonde::compat {

struct Lookup {
  std::vector<Address> addresses;  // in the system's order, each once; at least one
  std::string canonical_name;      // the name that the resolver calls the host by; may be what was asked
};

// getaddrinfo's EAI_ code; gai_strerror(3) has its text. EAI_SYSTEM: errno has more.
struct LookupFailure {
  int code = 0;
  int system_errno = 0;

  std::string text() const;  // "Name or service not known"
};

// Numeric addresses with a scope are taken too ("fe80::1%eth0"). `flags` are getaddrinfo's, beside AI_CANONNAME (AI_IDN).
std::expected<Lookup, LookupFailure> look_up(const std::string& name, std::optional<Family> family,
                                             int flags = 0);

// The name of an address; nullopt when it has none. `flags` are getnameinfo's, beside NI_NAMEREQD (NI_IDN).
std::optional<std::string> name_of(const Address& address, int flags = 0);

}  // namespace sonde::compat
