// firewall.hpp: hints at packet filters, as far as they are ours to see.
//
// Rules themselves are not judged: whether a probe passes only a probe tells.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "doctor/diagnosis.hpp"

namespace sonde::doctor {

// Reads the traces below `root`; does not list chains.
Firewall read_firewall_traces(const std::filesystem::path& root);

// Lists the nftables chains (iptables-nft's are among them) that hook into input or output, with CAP_NET_ADMIN raised
// where it is permitted.
void list_chains(Firewall& firewall);

// The chains in one answer of the kernel (a part of a dump of NFT_MSG_GETCHAIN); those that hook into neither
// input nor output are left out. False when it was the last part. An error (its errno) goes into `failure`.
bool parse_chains(std::span<const std::byte> answer, std::vector<FirewallChain>& chains, int& failure);

}  // namespace sonde::doctor
