// timestamping.cpp: SO_TIMESTAMPING on sockets and devices.
#include "net/timestamping.hpp"

#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>

#include "net/control_message.hpp"
#include "net/file_descriptor.hpp"
#include "net/socket_address.hpp"

namespace sonde::net {
namespace {

Result<void> set_flags(int descriptor, std::uint32_t flags) {
  const int value = static_cast<int>(flags);
  // The layout with 64-bit times (Linux 5.1) first: the old one breaks in 2038 where long has 32 bits.
  for (const int option : {SO_TIMESTAMPING_NEW, SO_TIMESTAMPING_OLD}) {
    if (::setsockopt(descriptor, SOL_SOCKET, option, &value, sizeof value) == 0) return {};
    if (errno != ENOPROTOOPT) break;
  }
  return std::unexpected(Error::from_errno(errno, "cannot switch on kernel time stamps (SO_TIMESTAMPING)"));
}

// Which stamps are made (TX_, RX_), which are reported (SOFTWARE, RAW_HARDWARE), and in what form. OPT_CMSG
// is left out: it adds control messages to TX stamps that nobody reads; RX ones have theirs without it.
std::uint32_t flags_of(const TimestampingOptions& options) {
  std::uint32_t flags = 0;
  if (options.transmit) flags |= SOF_TIMESTAMPING_TX_SOFTWARE;
  if (options.scheduled) flags |= SOF_TIMESTAMPING_TX_SCHED;
  if (options.receive) flags |= SOF_TIMESTAMPING_RX_SOFTWARE;
  if (options.transmit || options.transmit_on_request || options.receive) flags |= SOF_TIMESTAMPING_SOFTWARE;
  if (options.transmit || options.transmit_on_request) flags |= SOF_TIMESTAMPING_OPT_TSONLY;
  if (options.number_sends) flags |= SOF_TIMESTAMPING_OPT_ID;
  if (options.hardware) {
    // OPT_TX_SWHW: both stamps of a send, else a device that promises its own silences the software one.
    flags |= SOF_TIMESTAMPING_RAW_HARDWARE | SOF_TIMESTAMPING_OPT_TX_SWHW;
    if (options.transmit) flags |= SOF_TIMESTAMPING_TX_HARDWARE;
    if (options.receive) flags |= SOF_TIMESTAMPING_RX_HARDWARE;
  }
  return flags;
}

bool try_send_number() {
  const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  TimestampingOptions options;
  options.number_sends = true;
  if (!socket || !enable_timestamping(socket.get(), options)) return false;
  SocketAddress nowhere = SocketAddress::from(Address::loopback(Family::ipv4), 9);
  ControlBuffer<32> control;
  control.add_send_number(0);
  msghdr header{};
  header.msg_name = nowhere.data();
  header.msg_namelen = nowhere.size();
  control.attach(header);
  // MSG_PROXY is the C library's name for the kernel's MSG_PROBE. Control messages are checked before the
  // route, so any failure but EINVAL (no loopback device up, say) means that the number was accepted.
  return ::sendmsg(socket.get(), &header, MSG_CONFIRM | MSG_PROXY | MSG_DONTWAIT) >= 0 || errno != EINVAL;
}

// Sends a byte to the socket's own address and tells whether it came back with an RX stamp; nullopt when it
// did not come.
std::optional<bool> own_packet_is_stamped(int descriptor) {
  std::byte byte{};
  pollfd waiting{descriptor, POLLIN, 0};
  if (::send(descriptor, &byte, 1, MSG_DONTWAIT) != 1 || ::poll(&waiting, 1, 1) <= 0) return std::nullopt;
  alignas(cmsghdr) std::array<std::byte, receive_control_bytes> control{};
  iovec data{&byte, 1};
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  if (::recvmsg(descriptor, &header, MSG_DONTWAIT) < 0) return std::nullopt;
  return read_control(header).software_stamp.has_value();
}

template <typename Request>
Result<void> device_request(unsigned long request, const std::string& interface, Request& argument,
                            std::string what) {
  if (interface.empty() || interface.size() >= IF_NAMESIZE || ::if_nametoindex(interface.c_str()) == 0) {
    return std::unexpected(
        Error{ErrorCode::not_found, 0, "no such interface", interface, "`ip link` lists them"});
  }
  const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq device{};
  std::memcpy(device.ifr_name, interface.data(), interface.size());
  device.ifr_data = reinterpret_cast<char*>(&argument);
  if (!socket || ::ioctl(socket.get(), request, &device) != 0) {
    return std::unexpected(Error::from_errno(errno, std::move(what), interface));
  }
  return {};
}

}  // namespace

Result<void> enable_timestamping(int descriptor, const TimestampingOptions& options) {
  return set_flags(descriptor, flags_of(options));
}

bool await_receive_stamps(Nanoseconds patience) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const SocketAddress wanted = SocketAddress::from(Address::loopback(Family::ipv4));
  TimestampingOptions options;
  options.receive = true;
  if (!socket || !enable_timestamping(socket.get(), options)) return false;
  if (::bind(socket.get(), wanted.data(), wanted.size()) != 0) return false;
  const auto own = SocketAddress::of_socket(socket.get());
  if (!own || ::connect(socket.get(), own->data(), own->size()) != 0) return false;
  const MonotonicTime deadline = Clock::system().monotonic() + patience;
  for (;;) {
    if (own_packet_is_stamped(socket.get()).value_or(false)) return true;
    if (Clock::system().monotonic() >= deadline) return false;
    constexpr timespec pause{0, 100'000};
    ::nanosleep(&pause, nullptr);
  }
}

Result<void> restart_send_numbers(int descriptor, const TimestampingOptions& options) {
  // The kernel sets its counter to 0 only when OPT_ID goes from off to on.
  if (auto cleared = set_flags(descriptor, flags_of(options) & ~std::uint32_t{SOF_TIMESTAMPING_OPT_ID});
      !cleared) {
    return cleared;
  }
  return enable_timestamping(descriptor, options);
}

bool kernel_takes_send_numbers() {
  static const bool takes = try_send_number();
  return takes;
}

Result<DeviceTimestamping> device_timestamping(const std::string& interface) {
  ethtool_ts_info information{};
  information.cmd = ETHTOOL_GET_TS_INFO;
  auto asked =
      device_request(SIOCETHTOOL, interface, information, "cannot ask a device for its time stamping");
  if (!asked) return std::unexpected(asked.error());
  DeviceTimestamping device;
  device.transmit_software = (information.so_timestamping & SOF_TIMESTAMPING_TX_SOFTWARE) != 0;
  device.transmit_hardware = (information.so_timestamping & SOF_TIMESTAMPING_TX_HARDWARE) != 0 &&
                             (information.tx_types & 1U << HWTSTAMP_TX_ON) != 0;
  device.receive_hardware_all = (information.so_timestamping & SOF_TIMESTAMPING_RX_HARDWARE) != 0 &&
                                (information.rx_filters & 1U << HWTSTAMP_FILTER_ALL) != 0;
  device.clock_index = information.phc_index;
  return device;
}

Result<void> enable_device_timestamping(const std::string& interface) {
  hwtstamp_config configuration{};
  configuration.tx_type = HWTSTAMP_TX_ON;
  configuration.rx_filter = HWTSTAMP_FILTER_ALL;
  auto set =
      device_request(SIOCSHWTSTAMP, interface, configuration, "cannot switch on a device's hardware stamps");
  if (!set && set.error().code == ErrorCode::permission_denied) set.error().hint = "needs CAP_NET_ADMIN";
  return set;
}

}  // namespace sonde::net
