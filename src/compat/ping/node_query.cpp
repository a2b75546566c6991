// node_query.cpp: see node_query.hpp.
#include "compat/ping/node_query.hpp"

#include <arpa/nameser.h>
#include <fmt/format.h>
#include <net/if.h>
#include <netdb.h>
#include <resolv.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <string_view>

#include "compat/lookup.hpp"
#include "compat/ping/idna.hpp"
#include "wire/node_information.hpp"

namespace sonde::compat::ping {

namespace {

constexpr std::uint8_t ipv6_subject = 0, name_subject = 1, ipv4_subject = 2;

struct Word {
  std::string_view text;
  std::uint16_t type, flag;
};

// Flags as RFC 4620 numbers them, in section 6.4 and 6.5.
constexpr std::array words{
    Word{"name", wire::node_names, 0},
    Word{"fqdn", wire::node_names, 0},
    Word{"ipv6", wire::node_addresses, 0},
    Word{"ipv6-all", wire::node_addresses, 0x0002},
    Word{"ipv6-compatible", wire::node_addresses, 0x0004},
    Word{"ipv6-linklocal", wire::node_addresses, 0x0008},
    Word{"ipv6-sitelocal", wire::node_addresses, 0x0010},
    Word{"ipv6-global", wire::node_addresses, 0x0020},
    Word{"ipv4", wire::node_ipv4_addresses, 0},
    Word{"ipv4-all", wire::node_ipv4_addresses, 0x0002},
};

// A request for it is answered, a mistake complained about.
Exit show_help(bool asked_for, const Voice& voice) {
  constexpr std::string_view text =
      "ping -6 -N <nodeinfo opt>\n"
      "Help:\n"
      "  help\n"
      "Query:\n"
      "  name\n"
      "  ipv6\n"
      "  ipv6-all\n"
      "  ipv6-compatible\n"
      "  ipv6-global\n"
      "  ipv6-linklocal\n"
      "  ipv6-sitelocal\n"
      "  ipv4\n"
      "  ipv4-all\n"
      "Subject:\n"
      "  subject-ipv6=addr\n"
      "  subject-ipv4=addr\n"
      "  subject-name=name\n"
      "  subject-fqdn=name\n";
  asked_for ? voice.streams().out(text) : voice.streams().err(text);
  return {asked_for ? 0 : refusal_status};
}

}  // namespace

bool NodeQueryReader::take_type(std::uint16_t type, std::uint16_t flag, const Voice& voice) {
  if (type_ && *type_ != type) {
    voice.streams().out("Qtype conflict\n");
    return false;
  }
  type_ = type;
  flags_ |= flag;
  return true;
}

bool NodeQueryReader::take_subject_type(std::uint8_t type, const Voice& voice) {
  if (!subject_.empty() && subject_type_ != type) {
    voice.streams().out("Subject type conflict\n");
    return false;
  }
  subject_type_ = type;
  return true;
}

bool NodeQueryReader::take_subject_address(std::uint8_t type, const std::string& name, const Voice& voice) {
  if (!take_subject_type(type, voice)) return false;
  const auto found = look_up(name, type == ipv6_subject ? Family::ipv6 : Family::ipv4, AI_IDN);
  if (!found) {
    voice.say(fmt::format("{}: {}", name, found.error().text()));
    return false;
  }
  const auto bytes = found->addresses.front().bytes();
  subject_.assign(bytes.begin(), bytes.end());
  return true;
}

std::optional<Exit> NodeQueryReader::take_subject_name(const std::string& given, bool fully_qualified,
                                                       const Voice& voice) {
  if (!take_subject_type(name_subject, voice)) return show_help(false, voice);
  const auto encoded = encode_name(given);
  if (!encoded) return voice.refuse(refusal_status, "IDN encoding error: " + encoded.error());
  std::string name = *encoded;
  if (const auto zone = name.find('%'); zone != std::string::npos) {
    if (name.size() - zone > IFNAMSIZ) return voice.refuse(refusal_status, "too long scope name");
    name.resize(zone);
  }
  std::ranges::transform(name, name.begin(), [](unsigned char letter) {
    return static_cast<char>(letter < 0x80 ? std::tolower(letter) : letter);
  });
  std::array<unsigned char, NS_MAXCDNAME + 1> written{};
  const int bytes =
      ::dn_comp(name.c_str(), written.data(), static_cast<int>(written.size()) - 1, nullptr, nullptr);
  if (bytes < 0) return voice.refuse(refusal_status, "inappropriate subject name: " + name);
  const bool qualified = fully_qualified || name.find('.') != std::string::npos;
  // A second empty label says that more of the name is not known.
  const auto all =
      std::as_bytes(std::span(written)).first(static_cast<std::size_t>(bytes) + (qualified ? 0 : 1));
  subject_.assign(all.begin(), all.end());
  return std::nullopt;
}

std::optional<Exit> NodeQueryReader::take(const std::string& argument, const Voice& voice) {
  if (argument == "help") return show_help(true, voice);
  const auto word = std::ranges::find(words, argument, &Word::text);
  if (word != words.end())
    return take_type(word->type, word->flag, voice) ? std::nullopt : std::optional(show_help(false, voice));
  const auto equals = argument.find('=');
  const std::string name = argument.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : argument.substr(equals + 1);
  if (equals == std::string::npos) return show_help(false, voice);
  if (name == "subject-name" || name == "subject-fqdn")
    return take_subject_name(value, name == "subject-fqdn", voice);
  if (name != "subject-ipv6" && name != "subject-ipv4") return show_help(false, voice);
  const bool taken = take_subject_address(name == "subject-ipv6" ? ipv6_subject : ipv4_subject, value, voice);
  return taken ? std::nullopt : std::optional(show_help(false, voice));
}

std::optional<NodeQuery> NodeQueryReader::query() const {
  if (!type_) return std::nullopt;
  return NodeQuery{*type_, flags_, subject_type_, subject_};
}

}  // namespace sonde::compat::ping
