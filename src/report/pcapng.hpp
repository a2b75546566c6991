// pcapng.hpp: probes and answers as a capture file that tcpdump and Wireshark open.
//
// One section, one interface of LINKTYPE_RAW (101: packets begin with their IP header), nanosecond stamps.
// What a socket shows of a packet is its ICMP message; the IP header before it is then written by us, and
// each such packet carries a comment that says so. Source: draft-ietf-opsawg-pcapng.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "report/output.hpp"
#include "sonde/session.hpp"

namespace sonde::report {

// Whether a file that begins so is a capture of this form.
bool is_pcapng(std::string_view beginning);

class PcapNgWriter {
 public:
  // This host's address towards a peer, for packets of which the socket showed one end only.
  using OwnAddress = std::function<std::optional<Address>(const Address& peer)>;

  // Writes the file's head. `version` is named as the application. Errors: see Output::error().
  PcapNgWriter(Output& output, std::string_view version, OwnAddress own_address = {});

  // The checksum of an outgoing message is filled in: the kernel does that after we have seen it. An answer's
  // checksum stays as it came, except where ICMPv6's cannot be right because the socket did not show both
  // addresses. Packets longer than IP can carry are left out.
  void packet(const PacketView& packet);

  std::uint64_t packets() const { return packets_; }

 private:
  // Finds the end that the socket did not show; whether it did.
  bool complete(PacketView& packet) const;

  Output& output_;
  OwnAddress own_address_;  // may be empty
  std::string block_;       // kept for its memory
  std::string packet_;      // the packet with its IP header
  std::uint64_t packets_ = 0;
};

}  // namespace sonde::report
