// permissions.hpp: what this process may do with ICMP, and what would open what is closed.
//
// Two rules decide. A datagram ("ping") socket of either family needs the effective group id or a
// supplementary one within the network namespace's net.ipv4.ping_group_range (icmp(7)). A raw socket needs
// CAP_NET_RAW in the effective set (capabilities(7)); a binary installed with cap_net_raw+p has it permitted,
// and RaisedCapability raises it for as long as it takes to open the socket.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "sonde/address.hpp"
#include "sonde/error.hpp"

namespace sonde::net {

enum class Capability : unsigned {
  net_admin = 12,
  net_raw = 13,
  ipc_lock = 14,
  bpf = 39
};  // their bits, linux/capability.h

// A set of capabilities, as /proc/PID/status has it.
class CapabilitySet {
 public:
  constexpr CapabilitySet() = default;
  constexpr explicit CapabilitySet(std::uint64_t bits) : bits_(bits) {}
  constexpr std::uint64_t bits() const { return bits_; }
  constexpr bool has(Capability capability) const {
    return (bits_ >> static_cast<unsigned>(capability) & 1U) != 0;
  }
  friend bool operator==(const CapabilitySet&, const CapabilitySet&) = default;

 private:
  std::uint64_t bits_ = 0;
};

// Both ends included; first > last (the kernel's default, 1 0) lets nobody in.
struct PingGroupRange {
  std::uint32_t first = 1;
  std::uint32_t last = 0;

  bool is_empty() const { return first > last; }
  bool contains(std::uint32_t group) const { return first <= group && group <= last; }
};

// Of the calling thread. Ids are as seen in its user namespace.
struct Permissions {
  std::uint32_t user = 0;   // effective user id
  std::uint32_t group = 0;  // effective group id
  std::vector<std::uint32_t> groups;
  std::optional<PingGroupRange>
      ping_group_range;  // nullopt: not readable (no such sysctl, /proc not mounted)
  CapabilitySet effective, permitted, bounding, ambient;
  bool no_new_privileges = false;  // file capabilities and set-user-id have no effect
  bool seccomp_filter = false;     // system calls may be refused whatever the sets say
  bool in_container = false;       // Docker, Podman, Kubernetes and the like, as far as they leave traces
  std::string executable;          // the path of this program, for setcap; may be empty
};

// Reads `root`/proc and the containers' traces under `root`. Errors: not_found, system (no readable /proc).
Result<Permissions> read_permissions(const std::filesystem::path& root = "/");

// Whether the group rule lets this process open ping sockets.
bool in_ping_group_range(const Permissions& permissions);

// Whether the calling thread has it in its effective set.
bool is_effective(Capability capability);

// Whether the calling thread has any in its permitted set, so that there is something to give up.
bool has_capabilities();

// Raises capabilities from the permitted to the effective set of the calling thread for the scope, as far as
// they are permitted; does nothing when they are not, or are effective already. Never fails: what was not
// raised shows as the EPERM of the call that needed it. Destroy it on the thread that made it.
class RaisedCapability {
 public:
  explicit RaisedCapability(std::initializer_list<Capability> capabilities = {Capability::net_raw});
  ~RaisedCapability();
  RaisedCapability(const RaisedCapability&) = delete;
  RaisedCapability& operator=(const RaisedCapability&) = delete;

  // What this object has raised.
  CapabilitySet raised() const { return raised_; }

 private:
  CapabilitySet raised_;
};

// Gives up, for good, all capabilities of the calling thread but these, which stay permitted and are not effective, and has
// no program that it starts gain any (no_new_privs). Threads that it starts inherit that. What cannot be given up is
// kept; without any capability there is nothing to do.
void keep_only(std::initializer_list<Capability> capabilities);

// Why neither ICMP socket could be opened, from the errno of each attempt (0: not tried). Code
// permission_denied, naming ids, range, capability sets and the command that opens it; when permission was
// not the reason, the error of the datagram attempt as it is.
Error explain_icmp_refusal(Family family, int datagram_errno, int raw_errno, const Permissions& permissions);
// The same for this process; reads its permissions.
Error explain_icmp_refusal(Family family, int datagram_errno, int raw_errno);

}  // namespace sonde::net
