// limits.cpp: see limits.hpp.
#include "doctor/limits.hpp"

#include <sys/socket.h>

#include <cerrno>

#include "doctor/files.hpp"
#include "net/file_descriptor.hpp"
#include "net/socket_options.hpp"

namespace sonde::doctor {
namespace {

namespace fs = std::filesystem;

// A reply and its stamp charge this much of the receive buffer (measured for transport/icmp_socket.cpp).
constexpr std::int64_t bytes_per_answer = 1900;
// The longest that a socket waits between two reads when many probes are under way.
constexpr std::int64_t reads_per_second = 200;

std::optional<Fill> fill(std::optional<std::int64_t> entries, std::optional<std::int64_t> limit) {
  if (!entries || *entries < 0) return std::nullopt;
  Fill table{static_cast<std::uint64_t>(*entries), std::nullopt};
  if (limit && *limit >= 0) table.limit = static_cast<std::uint64_t>(*limit);
  return table;
}

// Of /proc/net/stat/{arp,ndisc}_cache the second line's first column: entries of the whole kernel, in hex.
std::optional<std::int64_t> neighbour_entries(const fs::path& file) {
  const auto text = read_text(file);
  if (!text) return std::nullopt;
  const auto lines = lines_of(*text);
  if (lines.size() < 2) return std::nullopt;
  const auto words = words_of(lines[1]);
  const auto entries = words.empty() ? std::nullopt : to_number(words[0], 16);
  if (!entries) return std::nullopt;
  return static_cast<std::int64_t>(*entries);
}

// Where the statistics are not shown: the lines of /proc/net/arp, those of this network namespace.
std::optional<std::int64_t> arp_lines(const fs::path& file) {
  const auto text = read_text(file);
  if (!text) return std::nullopt;
  const auto lines = lines_of(*text).size();
  return lines == 0 ? 0 : static_cast<std::int64_t>(lines - 1);
}

}  // namespace

Limits read_limits(const fs::path& root) {
  const fs::path sysctl = root / "proc/sys/net";
  const fs::path net = root / "proc/net";
  const auto number = [&sysctl](const char* name) { return read_number(sysctl / name); };
  Limits limits;
  limits.receive_buffer.default_bytes = number("core/rmem_default");
  limits.receive_buffer.max_bytes = number("core/rmem_max");
  limits.icmp_ratelimit_ms = number("ipv4/icmp_ratelimit");
  limits.icmp_ratemask = number("ipv4/icmp_ratemask");
  limits.icmp_messages_per_second = number("ipv4/icmp_msgs_per_sec");
  limits.icmp_messages_burst = number("ipv4/icmp_msgs_burst");
  limits.icmpv6_ratelimit_ms = number("ipv6/icmp/ratelimit");
  if (const auto ignored = number("ipv4/icmp_echo_ignore_all")) limits.echo_ignored = *ignored != 0;
  limits.conntrack = fill(number("netfilter/nf_conntrack_count"), number("netfilter/nf_conntrack_max"));
  auto neighbours = neighbour_entries(net / "stat/arp_cache");
  if (!neighbours) neighbours = arp_lines(net / "arp");
  limits.neighbours_ipv4 = fill(neighbours, number("ipv4/neigh/default/gc_thresh3"));
  limits.neighbours_ipv6 =
      fill(neighbour_entries(net / "stat/ndisc_cache"), number("ipv6/neigh/default/gc_thresh3"));
  return limits;
}

void count_answers(ReceiveBuffer& buffer, std::int64_t bytes) {
  buffer.granted_bytes = bytes;
  buffer.answers = static_cast<std::uint64_t>(bytes / bytes_per_answer);
  buffer.probes_per_second = buffer.answers * reads_per_second;
}

void try_receive_buffer(ReceiveBuffer& buffer) {
  const net::FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const net::FileDescriptor ipv6(socket ? -1 : ::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int descriptor = socket ? socket.get() : ipv6.get();
  if (descriptor < 0) {
    buffer.force_errno = errno;
    return;
  }
  const net::RaisedCapability raised({net::Capability::net_admin});
  constexpr int wanted = net::largest_receive_buffer_bytes;
  buffer.force_works = ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof wanted) == 0;
  if (!buffer.force_works) buffer.force_errno = errno;
  if (const auto granted = net::set_receive_buffer(descriptor, 0)) count_answers(buffer, *granted);
}

}  // namespace sonde::doctor
