// xdp_transport.cpp: see xdp_transport.hpp.
#include "xdp/xdp_transport.hpp"

// clang-format off
#include <net/if.h>  // before linux/if.h, which the next includes
#include <linux/ethtool.h>
// clang-format on
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "net/file_descriptor.hpp"
#include "net/route.hpp"
#include "transport/select.hpp"
#include "wire/bytes.hpp"
#include "wire/checksum.hpp"
#include "wire/icmp.hpp"
#include "wire/ip.hpp"
#include "xdp/answer_program.hpp"
#include "xdp/next_hops.hpp"
#include "xdp/rings.hpp"

namespace sonde::xdp {

namespace {

constexpr std::size_t ethernet_header_bytes = 14;
constexpr std::uint16_t ethertype_ipv4 = 0x0800, ethertype_ipv6 = 0x86dd;
constexpr std::uint8_t usual_ttl = 64;  // RFC 1700
constexpr std::size_t icmp_checksum_at = 2;

// An ioctl about a device by its name.
ifreq request_about(const std::string& interface) {
  ifreq request{};
  std::memcpy(request.ifr_name, interface.data(), std::min(interface.size(), std::size_t{IF_NAMESIZE - 1}));
  return request;
}

Result<EthernetAddress> ethernet_address(const std::string& interface) {
  const net::FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request = request_about(interface);
  if (::ioctl(socket.get(), SIOCGIFHWADDR, &request) != 0)
    return std::unexpected(Error::from_errno(errno, "cannot read the device's address", interface));
  if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
    return std::unexpected(
        Error{ErrorCode::unavailable, 0, "cannot send by AF_XDP", interface, "the device is no Ethernet"});
  }
  EthernetAddress address;
  std::memcpy(address.data(), request.ifr_hwaddr.sa_data, address.size());
  return address;
}

// How many queues the device receives by.
std::uint32_t receive_queues(const std::string& interface) {
  const net::FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  ifreq request = request_about(interface);
  request.ifr_data = reinterpret_cast<char*>(&channels);
  if (::ioctl(socket.get(), SIOCETHTOOL, &request) != 0) return 1;
  return std::clamp(channels.rx_count + channels.combined_count, 1U, AnswerProgram::most_queues);
}

Result<net::Route> best_route(std::span<const Address> destinations, const NetworkOptions& options) {
  for (const Address& destination : destinations) {
    auto route = net::find_route(destination, options);
    if (route && route->kind == net::RouteKind::unicast && route->gateway) return route;
  }
  return net::find_route(destinations.front(), options);
}

class XdpTransport final : public transport::Transport {
 public:
  XdpTransport(std::unique_ptr<transport::Transport> raw, std::unique_ptr<Rings> rings, NextHops hops,
               const EthernetAddress& own, bool receives, const transport::TransportOptions& options)
      : raw_(std::move(raw)),
        rings_(std::move(rings)),
        hops_(std::move(hops)),
        own_(own),
        receives_(receives),
        network_(options.network),
        clock_source_(options.clock_source) {}

  Family family() const override { return raw_->family(); }
  TransportKind kind() const override { return TransportKind::xdp; }
  int fd() const override { return raw_->fd(); }
  std::uint16_t identifier() const override { return raw_->identifier(); }
  RttClock clock() const override { return RttClock::kernel; }
  bool stamps() const override { return false; }
  std::size_t send(std::span<transport::Departure> departures) override;
  bool receive(transport::ReceiveBatch& batch) override;
  void expect_messages_of(std::size_t bytes) override { raw_->expect_messages_of(bytes); }
  std::uint64_t receive_drops() override { return raw_->receive_drops() + rings_->drops(); }
  std::size_t receive_capacity() const override {
    return receives_ ? Rings::receive_frames : raw_->receive_capacity();
  }

 private:
  using Departure = transport::Departure;
  // nullptr: not by the rings.
  const Hop* hop_of(const Departure& departure, MonotonicTime now);
  // Has frames written for as many of the first as may go by the rings, and have a frame free.
  std::size_t stage(std::span<Departure> departures, MonotonicTime now);
  std::size_t write_frame(std::span<std::byte> frame, Departure& departure, const Hop& hop) const;
  void send_staged(std::span<Departure> departures);
  void take(std::span<const std::byte> frame, std::uint64_t time, MonotonicTime now,
            transport::ReceiveBatch& batch) const;

  std::unique_ptr<transport::Transport> raw_;
  std::unique_ptr<Rings> rings_;
  NextHops hops_;
  EthernetAddress own_;
  bool receives_;  // the device has the program
  NetworkOptions network_;
  const Clock* clock_source_;
};

const Hop* XdpTransport::hop_of(const Departure& departure, MonotonicTime now) {
  const Hop* hop = hops_.hop(departure.to.address(), now);
  if (hop == nullptr) return nullptr;
  const std::size_t packet = wire::ip_header_bytes(family()) + departure.message.size();
  const bool fits = packet <= hop->largest_packet && ethernet_header_bytes + packet <= Rings::frame_bytes;
  return fits ? hop : nullptr;
}

std::size_t XdpTransport::stage(std::span<Departure> departures, MonotonicTime now) {
  std::size_t staged = 0;
  for (Departure& departure : departures) {
    const Hop* hop = hop_of(departure, now);
    if (hop == nullptr) break;
    const auto frame = rings_->next_frame();
    if (frame.empty()) break;
    rings_->stage(write_frame(frame, departure, *hop));
    ++staged;
  }
  return staged;
}

std::size_t XdpTransport::write_frame(std::span<std::byte> frame, Departure& departure,
                                      const Hop& hop) const {
  const auto message = departure.message;
  wire::write_echo_request(message, family(), identifier(),
                           departure.sequence.value_or(static_cast<std::uint16_t>(departure.number)));
  const wire::IpFields fields{
      .source = hop.source,
      .destination = departure.to.address(),
      .protocol = family() == Family::ipv4 ? wire::protocol_icmpv4 : wire::protocol_icmpv6,
      .payload_bytes = static_cast<std::uint16_t>(message.size()),
      .ttl = network_.ttl.value_or(usual_ttl),
      .tos = network_.tos.value_or(0),
      .dont_fragment = network_.path_mtu != PathMtu::never,
      .flow_label = network_.flow_label.value_or(0)};

  std::ranges::copy(hop.to, frame.begin());
  std::ranges::copy(own_, frame.begin() + sizeof(EthernetAddress));
  auto rest = frame.subspan(ethernet_header_bytes);
  if (family() == Family::ipv4) {
    wire::store_be16(frame, 2 * sizeof(EthernetAddress), ethertype_ipv4);
    wire::write_icmpv4_checksum(message);
    std::ranges::copy(wire::ipv4_header(fields), rest.begin());
  } else {
    wire::store_be16(frame, 2 * sizeof(EthernetAddress), ethertype_ipv6);
    const auto sum = wire::pseudo_header_sum(fields.source, fields.destination, fields.payload_bytes);
    wire::store_checksum(message, icmp_checksum_at, wire::internet_checksum(message, sum));
    std::ranges::copy(wire::ipv6_header(fields), rest.begin());
  }
  rest = rest.subspan(wire::ip_header_bytes(family()));
  std::ranges::copy(message, rest.begin());
  return ethernet_header_bytes + wire::ip_header_bytes(family()) + message.size();
}

std::size_t XdpTransport::send(std::span<Departure> departures) {
  const MonotonicTime now = clock_source_->monotonic();
  std::size_t decided = 0;
  while (decided < departures.size()) {
    const auto rest = departures.subspan(decided);
    if (const std::size_t staged = stage(rest, now); staged > 0) {
      send_staged(rest.first(staged));
      decided += staged;
      continue;
    }
    const auto next = std::ranges::find_if(
        rest, [&](const Departure& departure) { return hop_of(departure, now) != nullptr; });
    const auto for_kernel = rest.first(static_cast<std::size_t>(next - rest.begin()));
    if (for_kernel.empty()) break;  // all frames are on their way
    const std::size_t taken = raw_->send(for_kernel);
    decided += taken;
    if (taken < for_kernel.size()) break;
  }
  return decided;
}

void XdpTransport::send_staged(std::span<Departure> departures) {
  const MonotonicTime began = clock_source_->monotonic();
  const Rings::Sent sent = rings_->send();
  const MonotonicTime ended = clock_source_->monotonic();
  const auto count = static_cast<std::int64_t>(departures.size());
  for (std::size_t i = 0; i < departures.size(); ++i) {
    Departure& departure = departures[i];
    departure.call_began = began;
    departure.call_ended = ended;
    departure.sent_at = began + (ended - began) * static_cast<std::int64_t>(i + 1) / (count + 1);
    departure.system_errno = i < sent.taken ? 0 : sent.system_errno;
    departure.mtu.reset();
  }
  for (const std::size_t place : sent.dropped) departures[place].system_errno = ENOBUFS;
}

bool XdpTransport::receive(transport::ReceiveBatch& batch) {
  rings_->release();
  const MonotonicTime now = clock_source_->monotonic();
  const bool more = receives_ && rings_->receive(2 * batch_size, [&](auto frame, std::uint64_t time) {
    take(frame, time, now, batch);
  });
  return more || raw_->receive(batch);
}

void XdpTransport::take(std::span<const std::byte> frame, std::uint64_t time, MonotonicTime now,
                        transport::ReceiveBatch& batch) const {
  if (frame.size() < ethernet_header_bytes) return;
  const auto packet = frame.subspan(ethernet_header_bytes);
  const auto header = wire::parse_ip(packet);
  if (!header || header->family != family()) return;
  // Short frames are padded.
  const std::size_t end = std::min(header->total_bytes, packet.size());
  if (header->header_bytes > end) return;
  const auto message = packet.subspan(header->header_bytes, end - header->header_bytes);
  transport::Arrival& arrival = batch.arrivals.emplace_back();
  if (!wire::read_icmp(family(), message, arrival.message)) return batch.arrivals.pop_back();
  if (family() == Family::ipv4) {
    arrival.bad_checksum = !wire::icmpv4_checksum_valid(message) ||
                           wire::internet_checksum(packet.first(header->header_bytes)) != 0;
  } else {
    const auto bytes = static_cast<std::uint32_t>(message.size());
    const auto sum = wire::pseudo_header_sum(header->source, header->destination, bytes);
    arrival.bad_checksum = wire::internet_checksum(message, sum) != 0;
  }
  arrival.from = header->source;
  arrival.received_at = std::min(now, MonotonicTime(Nanoseconds(time)));
  arrival.ttl = header->ttl;
  arrival.tos = header->tos;
  arrival.bytes = static_cast<std::uint32_t>(message.size());
  arrival.identification = header->identification;
  arrival.dont_fragment = header->dont_fragment;
  arrival.packet = packet.first(end);
  arrival.has_ip_header = true;
}

}  // namespace

struct Device::Opened {
  Family family = Family::ipv4;
  std::string interface{};
  std::uint32_t interface_index = 0;
  EthernetAddress own{};
  std::uint32_t queues = 1;
  std::unique_ptr<AnswerProgram> program{};
  std::optional<Error> without_program{};
};

Device::Device(std::unique_ptr<Opened> opened) : opened_(std::move(opened)) {}
Device::~Device() = default;

std::uint32_t Device::queues() const {
  return opened_->queues;
}

const std::optional<Error>& Device::without_program() const {
  return opened_->without_program;
}

Result<std::unique_ptr<Device>> Device::open(std::span<const Address> destinations,
                                             const NetworkOptions& options) {
  const net::RaisedCapability raised(useful_capabilities);
  if (!options.ip_options.empty() || options.dont_route || options.broadcast) {
    return std::unexpected(Error{ErrorCode::unavailable,
                                 0,
                                 "cannot send by AF_XDP",
                                 {},
                                 "options of the kernel's IP stack were asked for"});
  }
  const auto route = best_route(destinations, options);
  if (!route) return std::unexpected(route.error());
  const auto own = ethernet_address(route->interface);
  if (!own) return std::unexpected(own.error());
  auto opened = std::make_unique<Opened>();
  opened->family = destinations.front().family();
  opened->interface = route->interface;
  opened->interface_index = route->interface_index;
  opened->own = *own;
  opened->queues = receive_queues(route->interface);
  auto program = AnswerProgram::attach(route->interface_index, route->interface);
  if (program) {
    opened->program = std::move(*program);
  } else {
    opened->without_program = program.error();
  }
  return std::unique_ptr<Device>(new Device(std::move(opened)));
}

Result<std::unique_ptr<transport::Transport>> Device::open_transport(
    std::uint32_t number, std::uint32_t transports, const transport::TransportOptions& options) {
  const net::RaisedCapability raised(useful_capabilities);
  const Opened& device = *opened_;
  if (transports > device.queues) {
    return std::unexpected(Error{ErrorCode::unavailable, 0, "one thread for each queue of the device",
                                 device.interface, "it has " + std::to_string(device.queues)});
  }
  auto routes = net::RouteTable::read(device.family);
  if (!routes) return std::unexpected(routes.error());

  // Without the program only the first queue has a use: to send by.
  const bool receives = device.program != nullptr;
  std::vector<std::uint32_t> queues;
  for (std::uint32_t queue = number; queue < device.queues; queue += transports) queues.push_back(queue);
  if (!receives) queues.resize(1);
  auto rings = Rings::open(device.interface, queues, receives);
  if (!rings) return std::unexpected(rings.error());
  transport::TransportOptions raw_options = options;
  raw_options.kind = TransportKind::icmp_raw;
  auto raw = transport::open_transport(device.family, raw_options);
  if (!raw) return std::unexpected(raw.error());
  if (receives) {
    const auto descriptors = (*rings)->descriptors();
    for (std::size_t i = 0; i < queues.size(); ++i) {
      auto bound = device.program->bind(queues[i], descriptors[i], raw->transport->identifier());
      if (!bound) return std::unexpected(bound.error());
    }
  }
  NextHops hops(std::move(*routes), device.interface_index, options.network);
  return std::make_unique<XdpTransport>(std::move(raw->transport), std::move(*rings), std::move(hops),
                                        device.own, receives, options);
}

}  // namespace sonde::xdp
