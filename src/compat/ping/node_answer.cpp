// node_answer.cpp: see node_answer.hpp.
#include "compat/ping/node_answer.hpp"

#include <fmt/format.h>

#include <span>

#include "wire/node_information.hpp"

namespace sonde::compat::ping {

namespace {

constexpr std::uint8_t answered = 0, refused = 1, unknown = 2;

constexpr const char* cut_short = " parse error (truncated)";

std::string names_text(std::span<const std::byte> data) {
  if (data.size() < wire::node_ttl_bytes) return " parse error (too short)";
  std::string text;
  wire::NodeNames names(data);
  wire::NodeName name;
  for (auto step = names.next(name); step != wire::NodeStep::end; step = names.next(name)) {
    if (!text.empty()) text += ',';
    if (step == wire::NodeStep::truncated) return text + cut_short;
    text += fmt::format(" {}{}", name.text.data(), name.fully_qualified ? "." : "");
  }
  return text;
}

std::string addresses_text(std::span<const std::byte> data, Family family, bool more_there) {
  std::string text;
  wire::NodeAddresses addresses(data, family);
  wire::NodeAddress address;
  for (auto step = addresses.next(address); step != wire::NodeStep::end; step = addresses.next(address)) {
    if (!text.empty()) text += ',';
    if (step == wire::NodeStep::truncated) {
      text += cut_short;
      break;
    }
    text += " " + address.address.to_string();
  }
  return more_there ? text + " (truncated)" : text;
}

}  // namespace

std::string node_answer_text(const Event& event) {
  const NodeAnswer& answer = *event.node_answer;
  if (answer.code == refused) return " refused";
  if (answer.code == unknown) return " unknown";
  if (answer.code != answered) return fmt::format(" unknown code({:02x})", answer.code);
  const bool more_there = (answer.flags & wire::node_truncated) != 0;
  switch (answer.type) {
    case wire::node_names:
      return names_text(event.payload);
    case wire::node_addresses:
      return addresses_text(event.payload, Family::ipv6, more_there);
    case wire::node_ipv4_addresses:
      return addresses_text(event.payload, Family::ipv4, more_there);
    default:
      return fmt::format(" unknown qtype(0x{:02x})", answer.type);
  }
}

}  // namespace sonde::compat::ping
