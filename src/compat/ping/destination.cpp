// destination.cpp: see destination.hpp.
#include "compat/ping/destination.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>
#include <netdb.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <string_view>

#include "compat/lookup.hpp"
#include "compat/ping/route_check.hpp"
#include "net/interfaces.hpp"

namespace sonde::compat::ping {

namespace {

constexpr int user_group_interval_ms = 1000;  // where many may answer

// Turns what a lookup found into a destination, for one address of the host after the other until one has a route.
class Search {
 public:
  Search(const Options& options, bool is_root, const Voice& voice)
      : options_(&options), is_root_(is_root), voice_(&voice) {}

  // nullopt: no route, and `more` addresses are left.
  std::expected<std::optional<Destination>, Exit> try_address(const Address& address,
                                                              const std::string& canonical_name, bool more);

 private:
  using Step = std::expected<std::optional<Destination>, Exit>;

  std::unexpected<Exit> refuse(std::string_view text, int system_errno = 0) const {
    return std::unexpected(voice_->refuse(refusal_status, text, system_errno));
  }
  std::unexpected<Exit> refuse(const RouteFailure& failure) const {
    return refuse(failure.what, failure.system_errno);
  }
  std::optional<Exit> name_ipv4(const std::string& canonical_name);
  std::optional<Exit> name_ipv6();
  std::expected<bool, Exit> find_source(bool more);
  std::expected<bool, Exit> connect(RouteCheck& check, const Address& towards, bool more);
  std::optional<Exit> hold_source();
  std::optional<Exit> check_group();
  void warn_of_other_device() const;

  const Options* options_;
  bool is_root_;
  const Voice* voice_;
  Destination found_;
};

// Names may be written in letters beyond ASCII, and are shown so, but in a locale that has none.
int name_flags() {
  const bool plain = std::string_view(std::setlocale(LC_CTYPE, nullptr)) == "C";
  return plain ? AI_IDN : AI_IDN | AI_CANONIDN;
}

std::optional<Address> dotted(const std::string& text) {
  in_addr address{};
  if (::inet_aton(text.c_str(), &address) != 1) return std::nullopt;
  return Address::ipv4(ntohl(address.s_addr));
}

// Of several operands all are hops, the last one too.
std::optional<Exit> Search::name_ipv4(const std::string& canonical_name) {
  const auto& operands = options_->operands;
  if (operands.size() > 1) {
    const bool listed = options_->timestamp == TimestampRequest::listed_addresses;
    const std::size_t most = listed ? 5 : 10;
    const bool without = options_->record_route || (options_->timestamp && !listed);
    if (without || operands.size() > most) return show_usage(*voice_);
  }
  for (const std::string& operand : operands) {
    const bool is_last = &operand == &operands.back();
    if (const auto address = dotted(operand)) {
      found_.address = *address;
      found_.name = operand;
      if (is_last) found_.is_numeric = true;
    } else if (operands.size() == 1) {
      found_.name = canonical_name.empty() ? operand : canonical_name;
    } else {
      const auto hop = look_up(operand, Family::ipv4, name_flags());
      if (!hop) return voice_->refuse(refusal_status, fmt::format("{}: {}", operand, hop.error().text()));
      found_.address = hop->addresses.front();
      found_.name = hop->canonical_name;
    }
    if (operands.size() > 1) found_.hops.push_back(found_.address);
  }
  return std::nullopt;
}

std::optional<Exit> Search::name_ipv6() {
  if (options_->operands.size() > 1) return show_usage(*voice_);
  found_.name = options_->operands.front();
  found_.is_numeric = found_.name.find(':') != std::string::npos;
  const auto bytes = found_.address.bytes();
  found_.is_anycast = std::ranges::all_of(bytes.subspan(bytes.size() / 2),
                                          [](std::byte byte) { return byte == std::byte{0}; });
  return std::nullopt;
}

std::expected<bool, Exit> Search::connect(RouteCheck& check, const Address& towards, bool more) {
  int refusal = check.connect(towards);
  if (refusal == EACCES && towards.is_ipv4()) {
    if (!options_->broadcast)
      return refuse("Do you want to ping broadcast? Then -b. If not, check your local firewall rules");
    voice_->streams().err("WARNING: pinging broadcast address\n");
    if (auto allowed = check.allow_broadcast(); !allowed) return refuse(allowed.error());
    refusal = check.connect(towards);
  } else if ((refusal == EHOSTUNREACH || refusal == ENETUNREACH) && more) {
    return false;
  }
  if (refusal != 0) return refuse("connect", refusal);
  return true;
}

// Where no source is given, the one that the routes choose. False: no route, and there are more addresses.
std::expected<bool, Exit> Search::find_source(bool more) {
  const Family family = found_.address.family();
  const auto& given = family == Family::ipv4 ? options_->source_v4 : options_->source_v6;
  Address towards = found_.hops.empty() ? found_.address : found_.hops.front();
  if (!options_->device.empty() && family == Family::ipv6 && towards.is_link_local()) {
    const auto bytes = towards.padded_bytes();
    towards = Address::ipv6(bytes, ::if_nametoindex(options_->device.c_str()));
    found_.address = towards;
  }
  RouteCheck check(*options_, family);
  if (auto opened = check.open(); !opened) return refuse(opened.error());
  if (auto bound = check.bind_to_device(towards); !bound) return refuse(bound.error());
  if (const int refusal = check.set_mark(); refusal != 0) {
    found_.mark_refused = true;
    voice_->say(fmt::format("WARNING: failed to set mark: {}", *options_->mark), refusal);
    if (refusal == EPERM)
      voice_->say("=> missing cap_net_admin+p or cap_net_raw+p (since Linux 5.17) capability?");
  }
  if (given && !given->is_any()) {
    found_.source = *given;
    if (family == Family::ipv6 && given->is_link_local() && !options_->device.empty())
      found_.source = Address::ipv6(given->padded_bytes(), ::if_nametoindex(options_->device.c_str()));
    return true;
  }
  if (auto set = check.set_tos(); !set) {
    if (family == Family::ipv6) return refuse(set.error());
    voice_->say(set.error().what, set.error().system_errno);
  }
  if (auto connected = connect(check, towards, more); !connected || !*connected) return connected;
  const auto source = check.source();
  if (!source) return refuse(source.error());
  found_.source = *source;
  warn_of_other_device();
  return true;
}

void Search::warn_of_other_device() const {
  if (options_->device.empty()) return;
  const auto interfaces = net::list_interfaces();
  if (!interfaces) return;
  const auto device = std::ranges::find(*interfaces, options_->device, &net::Interface::name);
  const auto same = [this](const Address& address) {
    return address.padded_bytes() == found_.source.padded_bytes();
  };
  if (device != interfaces->end() && std::ranges::any_of(device->addresses, same)) return;
  voice_->say("Warning: source address might be selected on device other than: " + options_->device);
}

// The source that every probe has to have must be one of ours.
std::optional<Exit> Search::hold_source() {
  if (!options_->strict_source) return std::nullopt;
  found_.source_is_set = true;
  const Family family = found_.address.family();
  RouteCheck check(*options_, family);
  if (auto opened = check.open(); !opened) return refuse(opened.error()).error();
  if (auto bound = check.bind_to_device(found_.address); !bound) return refuse(bound.error()).error();
  if (const int refusal = check.bind(found_.source); refusal != 0)
    return refuse(family == Family::ipv4 ? "bind" : "bind icmp socket", refusal).error();
  return std::nullopt;
}

std::optional<Exit> Search::check_group() {
  const bool ipv4 = found_.address.is_ipv4();
  found_.many_may_answer = found_.address.is_multicast() || (ipv4 && options_->broadcast);
  if (!found_.many_may_answer || is_root_) return std::nullopt;
  const char* group = ipv4 ? "broadcast" : "multicast";
  if (options_->interval_ms < user_group_interval_ms) {
    return refuse(fmt::format("minimal interval for {} ping for user must be >= {} ms, use -i 1 (or higher)",
                              group, user_group_interval_ms))
        .error();
  }
  if (options_->path_mtu && options_->path_mtu != PathMtu::always)
    return refuse(fmt::format("{} ping does not fragment", group)).error();
  return std::nullopt;
}

Search::Step Search::try_address(const Address& address, const std::string& canonical_name, bool more) {
  found_ = Destination{};
  found_.address = address;
  if (auto exit = address.is_ipv4() ? name_ipv4(canonical_name) : name_ipv6()) return std::unexpected(*exit);
  found_.address_text = found_.address.to_string();
  auto routed = find_source(more);
  if (!routed) return std::unexpected(routed.error());
  if (!*routed) return std::nullopt;
  // No address at all is this host.
  if (found_.address.is_ipv4() && found_.address.is_any()) {
    found_.address = found_.source;
    found_.address_text = found_.address.to_string();
  }
  if (auto exit = check_group()) return std::unexpected(*exit);
  if (auto exit = hold_source()) return std::unexpected(*exit);
  return found_;
}

std::string_view family_name(std::optional<Family> family) {
  if (!family) return "AF_UNSPEC";
  return *family == Family::ipv4 ? "AF_INET" : "AF_INET6";
}

}  // namespace

std::expected<Destination, Exit> find_destination(const Options& options, OpenFamilies open, bool is_root,
                                                  const Voice& voice) {
  const std::string& target = options.operands.back();
  std::optional<Family> wanted = options.family;
  if (!wanted && !open.ipv4) wanted = Family::ipv6;
  if (!wanted && !open.ipv6) wanted = Family::ipv4;
  if (const auto address = Address::parse(target);
      address && !address->is_ipv4() && open.ipv6_is_datagram && target.find('%') == std::string::npos &&
      (address->is_link_local() ||
       (address->is_multicast() && (address->bytes()[1] & std::byte{0xf}) == std::byte{2}))) {
    voice.say(
        "Warning: IPv6 link-local address on ICMP datagram socket may require ifname or scope-id => use: "
        "address%<ifname|scope-id>");
  }
  // Of both families whichever is wanted: only then the resolver takes a zone.
  const auto found = look_up(target, std::nullopt, name_flags());
  if (!found)
    return std::unexpected(voice.refuse(refusal_status, fmt::format("{}: {}", target, found.error().text())));
  Search search(options, is_root, voice);
  for (std::size_t i = 0; i < found->addresses.size(); ++i) {
    const Address& address = found->addresses[i];
    const bool more = i + 1 < found->addresses.size();
    if (options.verbose) {
      voice.say(fmt::format("ai->ai_family: {}, ai->ai_canonname: '{}'", family_name(address.family()),
                            i == 0 ? found->canonical_name : ""));
    }
    if (wanted && *wanted != address.family()) continue;
    auto tried = search.try_address(address, found->canonical_name, more);
    if (!tried) return std::unexpected(tried.error());
    if (*tried) return **tried;
  }
  return std::unexpected(
      voice.refuse(refusal_status, fmt::format("{}: {}", target, ::gai_strerror(EAI_ADDRFAMILY))));
}

}  // namespace sonde::compat::ping
