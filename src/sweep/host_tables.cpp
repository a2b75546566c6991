// host_tables.cpp: see host_tables.hpp.
#include "sweep/host_tables.hpp"

#include <fstream>
#include <optional>

namespace sonde::sweep {

namespace {

std::optional<std::uint64_t> read_number(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::uint64_t number = 0;
  return file >> number ? std::optional(number) : std::nullopt;
}

// The first column of the second line, in hexadecimal: all entries, those of other network namespaces too.
std::optional<std::uint64_t> read_entries(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string heads;
  std::uint64_t entries = 0;
  return std::getline(file, heads) && file >> std::hex >> entries ? std::optional(entries) : std::nullopt;
}

void add(std::vector<HostTable>& tables, const char* name, std::optional<std::uint64_t> entries,
         std::optional<std::uint64_t> most, const char* advice) {
  if (entries && most) tables.push_back({.name = name, .entries = *entries, .most = *most, .advice = advice});
}

}  // namespace

std::vector<HostTable> host_tables(const std::filesystem::path& proc) {
  std::vector<HostTable> tables;
  add(tables, "connection tracking table", read_number(proc / "sys/net/netfilter/nf_conntrack_count"),
      read_number(proc / "sys/net/netfilter/nf_conntrack_max"),
      "leave ICMP out of it (a notrack rule in a raw chain), raise net.netfilter.nf_conntrack_max, or lower "
      "--rate");
  add(tables, "IPv4 neighbour table", read_entries(proc / "net/stat/arp_cache"),
      read_number(proc / "sys/net/ipv4/neigh/default/gc_thresh3"),
      "raise net.ipv4.neigh.default.gc_thresh3, or lower --rate: each address on a link of this host takes "
      "an entry");
  add(tables, "IPv6 neighbour table", read_entries(proc / "net/stat/ndisc_cache"),
      read_number(proc / "sys/net/ipv6/neigh/default/gc_thresh3"),
      "raise net.ipv6.neigh.default.gc_thresh3, or lower --rate: each address on a link of this host takes "
      "an entry");
  return tables;
}

}  // namespace sonde::sweep
