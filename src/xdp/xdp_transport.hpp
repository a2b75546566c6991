// xdp_transport.hpp: echo requests past the kernel's IP stack, by AF_XDP.
//
// A probe whose next hop on the device is known goes as a finished frame into the send ring; every other one, and what is too
// long for a frame, goes by a raw socket with the same identifier. So the kernel finds neighbours, and what it routes
// elsewhere, or refuses, is as it would be without rings. Answers come by the receive rings where the device has the program
// (answers.bpf.c), with the time at which that saw them, else by the raw socket, with the kernel's stamp. ICMP errors
// always come by the raw socket. There are no TX stamps: a probe left between the begin and the end of its send call.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>

#include "net/permissions.hpp"
#include "sonde/address.hpp"
#include "sonde/error.hpp"
#include "sonde/options.hpp"
#include "transport/transport.hpp"

namespace sonde::xdp {

// What to keep permitted until the transports are open: to send, to receive, and for frames beyond RLIMIT_MEMLOCK.
inline constexpr std::initializer_list<net::Capability> useful_capabilities{
    net::Capability::net_raw, net::Capability::net_admin, net::Capability::bpf, net::Capability::ipc_lock};

// A device, with the program on it if it could be attached. Outlived by no transport of it.
class Device {
 public:
  // The device by which the kernel sends to the first of `destinations` that it has a gateway for, or to the first where there is
  // none. All are of one family. Needs CAP_NET_RAW, and for answers by the rings CAP_BPF and CAP_NET_ADMIN.
  // Errors: unavailable (built without XDP; no Ethernet; policy routing; options that need the kernel's stack); those
  // of find_route().
  static Result<std::unique_ptr<Device>> open(std::span<const Address> destinations,
                                              const NetworkOptions& options);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  // How many transports there may be: one for each receive queue, but no more than the program knows.
  std::uint32_t queues() const;
  // Transport `number` of `transports`, numbered from 0, which share the queues. With options.identifier, which is its own.
  Result<std::unique_ptr<transport::Transport>> open_transport(std::uint32_t number, std::uint32_t transports,
                                                               const transport::TransportOptions& options);
  // Why answers do not come by the rings; nullopt: they do.
  const std::optional<Error>& without_program() const;

 private:
  struct Opened;
  explicit Device(std::unique_ptr<Opened> opened);
  std::unique_ptr<Opened> opened_;
};

}  // namespace sonde::xdp
