// xdp_transport.cpp: see xdp_transport.hpp.
#include "xdp/xdp_transport.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string>
#include <utility>

#include "wire/bytes.hpp"
#include "wire/checksum.hpp"
#include "wire/icmp.hpp"
#include "wire/ip.hpp"

namespace sonde::xdp {

namespace {

constexpr std::size_t ethernet_header_bytes = 14;
constexpr std::uint16_t ethertype_ipv4 = 0x0800, ethertype_ipv6 = 0x86dd;
constexpr std::uint8_t usual_ttl = 64;  // RFC 1700
constexpr std::size_t icmp_checksum_at = 2;

// How far this process's CLOCK_MONOTONIC is ahead of the kernel's own, by which the XDP program tells the time: something else
// than nothing in a time namespace (time_namespaces(7)). The file tells it of the namespace that children are to be in, which
// is this process's own since Linux 6.1 once it has been executed there.
Nanoseconds clock_offset_here() {
  std::ifstream offsets("/proc/self/timens_offsets");
  std::string clock;
  std::int64_t seconds = 0, nanoseconds = 0;
  while (offsets >> clock >> seconds >> nanoseconds) {
    if (clock == "monotonic") return std::chrono::seconds(seconds) + Nanoseconds(nanoseconds);
  }
  return {};
}

class XdpTransport final : public transport::Transport {
 public:
  XdpTransport(TransportParts parts, const transport::TransportOptions& options)
      : raw_(std::move(parts.raw)),
        rings_(std::move(parts.rings)),
        hops_(std::move(parts.hops)),
        own_(parts.own),
        reads_rings_(parts.reads_rings),
        network_(options.network),
        clock_source_(options.clock_source),
        clock_offset_(clock_offset_here()) {}

  Family family() const override { return raw_->family(); }
  TransportKind kind() const override { return TransportKind::xdp; }
  int fd() const override { return raw_->fd(); }
  std::uint16_t identifier() const override { return raw_->identifier(); }
  RttClock clock() const override { return RttClock::kernel; }
  bool stamps() const override { return false; }
  std::size_t send(std::span<transport::Departure> departures) override;
  Result<void> admit(const PacketOptions& packet) override { return raw_->admit(packet); }
  bool receive(transport::ReceiveBatch& batch) override;
  void expect_messages_of(std::size_t bytes) override { raw_->expect_messages_of(bytes); }
  std::uint64_t receive_drops() override {
    return raw_->receive_drops() + (reads_rings_ ? rings_->drops() : 0);
  }
  std::size_t receive_capacity() const override {
    return reads_rings_ ? Rings::receive_frames : raw_->receive_capacity();
  }

 private:
  using Departure = transport::Departure;
  // nullptr: not by the rings.
  const Hop* hop_of(const Departure& departure, MonotonicTime now);
  // Has frames written for as many of the first as may go by the rings, and have a frame free.
  std::size_t stage(std::span<Departure> departures, MonotonicTime now);
  std::size_t write_frame(std::span<std::byte> frame, Departure& departure, const Hop& hop) const;
  // How many were decided.
  std::size_t send_staged(std::span<Departure> departures);
  bool is_still_down();
  void take(std::span<const std::byte> frame, std::uint64_t time, MonotonicTime now,
            transport::ReceiveBatch& batch) const;

  std::unique_ptr<transport::Transport> raw_;
  std::shared_ptr<Rings> rings_;
  NextHops hops_;
  EthernetAddress own_;
  bool reads_rings_;
  NetworkOptions network_;
  const Clock* clock_source_;
  Nanoseconds clock_offset_;
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
      .ttl = departure.packet.ttl.value_or(network_.ttl.value_or(usual_ttl)),
      .tos = departure.packet.tos.value_or(network_.tos.value_or(0)),
      .dont_fragment = network_.path_mtu != PathMtu::never,
      .flow_label = departure.packet.flow_label.value_or(network_.flow_label.value_or(0))};

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
  if (rings_->is_down() && is_still_down()) return 0;
  for (bool woken = false; decided < departures.size();) {
    const auto rest = departures.subspan(decided);
    if (const std::size_t staged = stage(rest, now); staged > 0) {
      const std::size_t sent = send_staged(rest.first(staged));
      decided += sent;
      if (sent < staged) break;
      continue;
    }
    const auto next = std::ranges::find_if(
        rest, [&](const Departure& departure) { return hop_of(departure, now) != nullptr; });
    const auto for_kernel = rest.first(static_cast<std::size_t>(next - rest.begin()));
    if (for_kernel.empty()) {
      // All frames are on their way: some may come back when the kernel goes on.
      if (woken) break;
      rings_->send();
      woken = true;
      continue;
    }
    // A device that goes down takes its routes along: that is no reason to refuse what waits for it.
    if (is_still_down()) break;
    const std::size_t taken = raw_->send(for_kernel);
    decided += taken;
    if (taken < for_kernel.size()) break;
  }
  return decided;
}

bool XdpTransport::is_still_down() {
  rings_->send();
  return rings_->is_down();
}

std::size_t XdpTransport::send_staged(std::span<Departure> departures) {
  const MonotonicTime began = clock_source_->monotonic();
  const Rings::Sent sent = rings_->send();
  const MonotonicTime ended = clock_source_->monotonic();
  const std::size_t decided = sent.system_errno == 0 ? sent.taken : departures.size();
  const auto count = static_cast<std::int64_t>(departures.size());
  for (std::size_t i = 0; i < decided; ++i) {
    Departure& departure = departures[i];
    departure.call_began = began;
    departure.call_ended = ended;
    departure.sent_at = began + (ended - began) * static_cast<std::int64_t>(i + 1) / (count + 1);
    departure.system_errno = i < sent.taken ? 0 : sent.system_errno;
    departure.mtu.reset();
  }
  for (const std::size_t place : sent.dropped) departures[place].system_errno = ENOBUFS;
  return decided;
}

bool XdpTransport::receive(transport::ReceiveBatch& batch) {
  if (!reads_rings_) return raw_->receive(batch);
  rings_->release();
  const MonotonicTime now = clock_source_->monotonic();
  const bool more =
      rings_->receive(2 * batch_size, [&](auto frame, std::uint64_t time) { take(frame, time, now, batch); });
  return more || raw_->receive(batch);
}

void XdpTransport::take(std::span<const std::byte> frame, std::uint64_t time, MonotonicTime now,
                        transport::ReceiveBatch& batch) const {
  if (frame.size() < ethernet_header_bytes) return;
  const auto packet = frame.subspan(ethernet_header_bytes);
  const auto header = wire::parse_ip(packet);
  if (!header) return;
  // Short frames are padded.
  const std::size_t end = std::min(header->total_bytes, packet.size());
  if (header->header_bytes > end) return;
  const auto message = packet.subspan(header->header_bytes, end - header->header_bytes);
  transport::Arrival& arrival = batch.arrivals.emplace_back();
  if (!wire::read_icmp(header->family, message, arrival.message)) return batch.arrivals.pop_back();
  if (header->family == Family::ipv4) {
    arrival.bad_checksum = !wire::icmpv4_checksum_valid(message) ||
                           wire::internet_checksum(packet.first(header->header_bytes)) != 0;
  } else {
    const auto bytes = static_cast<std::uint32_t>(message.size());
    const auto sum = wire::pseudo_header_sum(header->source, header->destination, bytes);
    arrival.bad_checksum = wire::internet_checksum(message, sum) != 0;
  }
  arrival.from = header->source;
  // What came while the ring was read came after `now`; what is said to have come after this moment did not.
  arrival.received_at = MonotonicTime(Nanoseconds(time) + clock_offset_);
  if (arrival.received_at > now)
    arrival.received_at = std::min(arrival.received_at, clock_source_->monotonic());
  arrival.ttl = header->ttl;
  arrival.tos = header->tos;
  arrival.bytes = static_cast<std::uint32_t>(message.size());
  arrival.identification = header->identification;
  arrival.dont_fragment = header->dont_fragment;
  arrival.packet = packet.first(end);
  arrival.has_ip_header = true;
}

}  // namespace

std::unique_ptr<transport::Transport> make_transport(TransportParts parts,
                                                     const transport::TransportOptions& options) {
  return std::make_unique<XdpTransport>(std::move(parts), options);
}

}  // namespace sonde::xdp
