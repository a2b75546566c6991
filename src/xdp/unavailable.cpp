// unavailable.cpp: the room of a sonde that was built without AF_XDP (-DSONDE_XDP=OFF): there is no device to be had.
#include <utility>

#include "xdp/xdp_transport.hpp"

namespace sonde::xdp {

namespace {

Error unavailable() {
  return {
      ErrorCode::unavailable, 0, "this sonde was built without AF_XDP", {}, "use --transport icmp or raw"};
}

}  // namespace

struct Device::Opened {
  std::optional<Error> without_program = unavailable();
};

Device::Device(std::unique_ptr<Opened> opened) : opened_(std::move(opened)) {}
Device::~Device() = default;

std::uint32_t Device::queues() const {
  return 0;
}

const std::optional<Error>& Device::without_program() const {
  return opened_->without_program;
}

Result<std::unique_ptr<Device>> Device::open(std::span<const Address> /*destinations*/,
                                             const NetworkOptions& /*options*/) {
  return std::unexpected(unavailable());
}

Result<std::unique_ptr<transport::Transport>> Device::open_transport(
    std::uint32_t /*number*/, std::uint32_t /*transports*/, const transport::TransportOptions& /*options*/) {
  return std::unexpected(unavailable());
}

}  // namespace sonde::xdp
