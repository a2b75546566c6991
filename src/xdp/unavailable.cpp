// unavailable.cpp: the room of a sonde that was built without AF_XDP (-DSONDE_XDP=OFF): there is no device to be had.
#include <utility>

#include "xdp/devices.hpp"

namespace sonde::xdp {

namespace {

Error unavailable() {
  return {
      ErrorCode::unavailable, 0, "this sonde was built without AF_XDP", {}, "use --transport icmp or raw"};
}

}  // namespace

struct Devices::Opened {
  std::optional<Error> without_program = unavailable();
};

Devices::Devices(std::uint32_t threads) : threads_(threads), opened_(std::make_unique<Opened>()) {}
Devices::~Devices() = default;

const std::optional<Error>& Devices::without_program() const {
  return opened_->without_program;
}

Result<void> Devices::add(std::span<const Address> /*destinations*/, const NetworkOptions& /*options*/) {
  return std::unexpected(unavailable());
}

Result<std::unique_ptr<transport::Transport>> Devices::open_transport(
    Family /*family*/, std::uint32_t /*thread*/, const transport::TransportOptions& /*options*/) {
  return std::unexpected(unavailable());
}

}  // namespace sonde::xdp
