// devices.hpp: the Ethernet devices that probes leave by past the kernel's IP stack, and the transports over them.
//
// One device for each address family, or the same for both. A device has the program that hands answers over
// (answer_program.hpp) once, if it could be attached, and of each thread the rings (rings.hpp) once, however many transports
// of that thread share them; xdp_transport.hpp says how those work.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "net/permissions.hpp"
#include "sonde/address.hpp"
#include "sonde/error.hpp"
#include "sonde/options.hpp"
#include "transport/transport.hpp"

namespace sonde::xdp {

// What to keep permitted until the transports are open: to send, to receive, and for frames beyond RLIMIT_MEMLOCK.
inline constexpr std::initializer_list<net::Capability> useful_capabilities{
    net::Capability::net_raw, net::Capability::net_admin, net::Capability::bpf, net::Capability::ipc_lock};

// Outlived by no transport of it. Threads: one owner; the transports are for a thread each.
class Devices {
 public:
  // For so many threads, numbered from 0, which share the queues of each device.
  explicit Devices(std::uint32_t threads);
  ~Devices();
  Devices(const Devices&) = delete;
  Devices& operator=(const Devices&) = delete;

  // Has the family of `destinations`, which are all of one, leave by the device by which the kernel sends to the first of them that
  // it has a gateway for, or to the first where there is none. Needs CAP_NET_RAW, and for answers by the rings CAP_BPF and
  // CAP_NET_ADMIN.
  // Errors: unavailable (built without XDP; no Ethernet; policy routing; options that need the kernel's stack; fewer queues than
  // threads); those of find_route().
  Result<void> add(std::span<const Address> destinations, const NetworkOptions& options);

  // A transport of a family that was added, for one of the threads. With options.identifier, which is its own and one more than that
  // of the transport before (modulo 2^16), whichever device that was of. A thread's first on a device takes what comes by
  // the thread's queues, the answers to all others' probes included.
  // Errors: those of Rings::open() and of raw sockets.
  Result<std::unique_ptr<transport::Transport>> open_transport(Family family, std::uint32_t thread,
                                                               const transport::TransportOptions& options);
  // Why answers do not come by the rings of some device; nullopt: they do.
  const std::optional<Error>& without_program() const;

 private:
  struct Device;
  struct Opened;
  Result<Device*> device(const std::string& interface, std::uint32_t interface_index);
  std::uint32_t threads_;
  std::unique_ptr<Opened> opened_;
};

}  // namespace sonde::xdp
