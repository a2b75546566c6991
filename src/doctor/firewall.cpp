// firewall.cpp: see firewall.hpp.
#include "doctor/firewall.hpp"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

#include "doctor/files.hpp"
#include "net/file_descriptor.hpp"
#include "net/permissions.hpp"

namespace sonde::doctor {
namespace {

namespace fs = std::filesystem;
using Bytes = std::span<const std::byte>;

std::optional<std::vector<std::string>> read_table_names(const fs::path& file) {
  std::error_code failure;
  if (!fs::exists(file, failure)) return std::vector<std::string>{};
  const auto text = read_text(file);
  if (!text) return std::nullopt;
  std::vector<std::string> names;
  for (const std::string_view line : lines_of(*text)) names.emplace_back(line);
  return names;
}

std::optional<bool> see_nftables(const fs::path& root) {
  std::error_code ignored;
  if (fs::exists(root / "sys/module/nf_tables", ignored)) return true;
  const auto modules = read_text(root / "proc/modules");
  if (!modules) return std::nullopt;  // built in, or without modules: no trace either way
  for (const std::string_view line : lines_of(*modules)) {
    if (line.starts_with("nf_tables ")) return true;
  }
  return false;
}

template <typename T>
T head_of(Bytes bytes) {
  T head{};
  std::memcpy(&head, bytes.data(), std::min(bytes.size(), sizeof head));
  return head;
}

// Calls `use` with type and payload of every attribute.
template <typename Use>
void for_each_attribute(Bytes bytes, Use use) {
  while (bytes.size() >= sizeof(nlattr)) {
    const auto head = head_of<nlattr>(bytes);
    if (head.nla_len < sizeof head || head.nla_len > bytes.size()) return;
    use(head.nla_type & NLA_TYPE_MASK, bytes.subspan(sizeof head, head.nla_len - sizeof head));
    bytes = bytes.subspan(std::min<std::size_t>(NLA_ALIGN(head.nla_len), bytes.size()));
  }
}

std::string text_of(Bytes bytes) {
  if (bytes.empty()) return {};
  const auto* characters = reinterpret_cast<const char*>(bytes.data());
  return {characters, ::strnlen(characters, bytes.size())};
}

std::uint32_t number_of(Bytes bytes) {
  return be32toh(head_of<std::uint32_t>(bytes));
}

std::string_view family_name(std::uint8_t family) {
  switch (family) {
    case NFPROTO_INET:
      return "inet";
    case NFPROTO_IPV4:
      return "ip";
    case NFPROTO_IPV6:
      return "ip6";
    default:
      return {};  // bridges, devices and ARP have other hooks
  }
}

void add_chain(Bytes message, std::vector<FirewallChain>& chains) {
  if (message.size() < sizeof(nfgenmsg)) return;
  FirewallChain chain;
  chain.family = family_name(head_of<nfgenmsg>(message).nfgen_family);
  std::optional<std::uint32_t> hook;
  for_each_attribute(message.subspan(NLMSG_ALIGN(sizeof(nfgenmsg))), [&](int type, Bytes value) {
    if (type == NFTA_CHAIN_TABLE) chain.table = text_of(value);
    if (type == NFTA_CHAIN_NAME) chain.chain = text_of(value);
    if (type == NFTA_CHAIN_POLICY) chain.policy = number_of(value) == NF_DROP ? "drop" : "accept";
    if (type != NFTA_CHAIN_HOOK) return;
    for_each_attribute(value, [&hook](int part, Bytes number) {
      if (part == NFTA_HOOK_HOOKNUM) hook = number_of(number);
    });
  });
  if (chain.family.empty() || (hook != NF_INET_LOCAL_IN && hook != NF_INET_LOCAL_OUT)) return;
  chain.hook = hook == NF_INET_LOCAL_IN ? "input" : "output";
  chains.push_back(std::move(chain));
}

int request_chains(int descriptor) {
  struct {
    nlmsghdr header;
    nfgenmsg family;
  } request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.family.nfgen_family = AF_UNSPEC;
  request.family.version = NFNETLINK_V0;
  return ::send(descriptor, &request, sizeof request, 0) < 0 ? errno : 0;
}

}  // namespace

Firewall read_firewall_traces(const fs::path& root) {
  Firewall firewall;
  firewall.iptables = read_table_names(root / "proc/net/ip_tables_names");
  firewall.ip6tables = read_table_names(root / "proc/net/ip6_tables_names");
  firewall.nftables_seen = see_nftables(root);
  return firewall;
}

bool parse_chains(Bytes answer, std::vector<FirewallChain>& chains, int& failure) {
  while (answer.size() >= sizeof(nlmsghdr)) {
    const auto head = head_of<nlmsghdr>(answer);
    if (head.nlmsg_len < sizeof head || head.nlmsg_len > answer.size()) return false;
    const Bytes payload = answer.subspan(sizeof head, head.nlmsg_len - sizeof head);
    // A negated errno, of which only the kernel's word is had: no number may overflow.
    if (head.nlmsg_type == NLMSG_ERROR)
      failure = static_cast<int>(0U - static_cast<unsigned>(head_of<nlmsgerr>(payload).error));
    if (head.nlmsg_type == NLMSG_ERROR || head.nlmsg_type == NLMSG_DONE) return false;
    add_chain(payload, chains);
    answer = answer.subspan(std::min<std::size_t>(NLMSG_ALIGN(head.nlmsg_len), answer.size()));
  }
  return true;
}

void list_chains(Firewall& firewall) {
  const net::RaisedCapability raised({net::Capability::net_admin});
  const net::FileDescriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  // The kernel answers at once; a bound all the same, as this must come to an end.
  constexpr timeval patience{0, 200'000};
  if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0) {
    firewall.chains_errno = errno;
    return;
  }
  firewall.chains_errno = request_chains(socket.get());
  if (firewall.chains_errno != 0) return;
  std::vector<FirewallChain> chains;
  std::array<std::byte, 32768> buffer;
  bool more = true;
  while (more) {
    const auto length = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (length <= 0) {
      firewall.chains_errno = length < 0 ? errno : EIO;
      return;
    }
    more = parse_chains(Bytes(buffer).first(static_cast<std::size_t>(length)), chains, firewall.chains_errno);
  }
  if (firewall.chains_errno == 0) firewall.chains = std::move(chains);
}

}  // namespace sonde::doctor
