// destination.hpp: from the operands to the address that is asked, and the source that it is asked from; refused in ping's
// words where name, route, device or source do not hold.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "compat/ping/options.hpp"
#include "compat/ping/voice.hpp"
#include "sonde/address.hpp"

namespace sonde::compat::ping {

struct Destination {
  Address address;
  std::string name;            // as the header and the summary call it
  std::string address_text;    // as the header shows it
  Address source;              // as the header shows it
  bool source_is_set = false;  // and every probe has to leave from it
  std::vector<Address>
      hops;                 // IPv4: to go through, or to be asked for their time; the destination is the last
  bool is_numeric = false;  // given as an address: lines look up no names
  bool many_may_answer = false;  // multicast, or -b
  bool is_anycast = false;       // a subnet router's address: answers come from another
  bool mark_refused = false;     // -m did not hold, and was warned of
};

// The family's socket is a datagram one: link-local destinations need a zone.
struct OpenFamilies {
  bool ipv4 = false, ipv6 = false;
  bool ipv6_is_datagram = false;
};

std::expected<Destination, Exit> find_destination(const Options& options, OpenFamilies open, bool is_root,
                                                  const Voice& voice);

}  // namespace sonde::compat::ping
