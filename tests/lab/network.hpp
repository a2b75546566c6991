// network.hpp: networks for tests, that exist only as long as these objects: a simulated one behind a TUN
// device, and two real kernels at the ends of a veth pair.
//
// A namespace is held by descriptors alone: nothing has a name outside, and nothing is left behind however a
// test ends. Without root everything happens in a user namespace. Constructors throw LabError.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "lab/process.hpp"
#include "lab/record.hpp"

namespace sonde::lab {

// A network namespace with loopback up.
class Namespace {
 public:
  Namespace();
  // One more, that devices can be moved to from `beside`. (A user namespace then is the same for both.)
  explicit Namespace(const Namespace& beside);

  Place place() const { return {network_.number(), user_ ? user_->number() : -1}; }

  Finished run(Command command) const { return Process(std::move(command), place()).wait(); }
  Process start(Command command) const { return Process(std::move(command), place()); }
  // Throws unless it ends with status 0.
  std::string run_checked(Command command) const { return lab::run_checked(std::move(command), place()); }

  // Lines of `ip -batch`, of `tc -batch`, and an nft ruleset.
  void ip(std::string lines) const;
  void tc(std::string lines) const;
  void nft(std::string ruleset) const;
  // A sysctl as in "net.ipv4.icmp_ratelimit".
  void set_sysctl(const std::string& name, const std::string& value) const;
  // net.ipv4.ping_group_range: everyone, or nobody, as a namespace starts (in a user namespace it cannot be
  // closed again).
  void open_ping_sockets(bool open) const;

 private:
  void make(Place beside);

  std::shared_ptr<Descriptor> user_;  // null: ours
  Descriptor network_;
};

// A directory that goes with this.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  std::filesystem::path path() const { return path_; }
  // Writes a file into it that everybody may read.
  std::filesystem::path write(const std::string& name, std::string_view text) const;

 private:
  std::filesystem::path path_;
};

struct SimulatedNetworkOptions {
  std::uint32_t mtu = 1500;
  bool ping_sockets_open = true;
  bool summary_only = false;
};

// Every address of the world answers (or not) as the scenario says: device `lab0`, our
// addresses 10.77.255.254/16 and fd77::ffff/64, and all routes lead there.
class SimulatedNetwork {
 public:
  static constexpr std::string_view own_v4 = "10.77.255.254", own_v6 = "fd77::ffff";

  explicit SimulatedNetwork(std::string_view scenario, SimulatedNetworkOptions options = {});

  const Namespace& space() const { return space_; }
  Finished run(Command command) const { return space_.run(std::move(command)); }
  Process start(Command command) const { return space_.start(std::move(command)); }
  // What the responder received and did until now.
  ResponderRecord record();

 private:
  ScratchDirectory directory_;
  Namespace space_;
  std::unique_ptr<Process> responder_;
};

// near0 (10.78.0.1/24, fd78::1/64) and far0 (.2, ::2), each in a namespace of its own; errors are not
// rate-limited.
class VethPair {
 public:
  VethPair();
  const Namespace& near() const { return near_; }
  const Namespace& far() const { return far_; }

 private:
  Namespace near_, far_;
};

}  // namespace sonde::lab
