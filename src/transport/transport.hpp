// transport.hpp: how a probe leaves and how its answer comes back, in batches; the one seam that tests
// replace.
//
// A Transport is one way of asking in one family: a socket with one ICMP identifier, a UDP socket, a set of TCP
// connections. The engine numbers its sends; the low 16 bits of the number are the ICMP sequence number (RFC 792),
// and the whole number names the probe's TX stamp. So an answer, a quoted probe in an ICMP error and a stamp all lead
// to the same place without a search. Ways other than ICMP speak to the engine in ICMP's words: their answer is an
// echo reply with that sequence number.
//
// Threads: none of this is locked; one Prober owns it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "net/socket_address.hpp"
#include "sonde/error.hpp"
#include "sonde/event.hpp"
#include "sonde/options.hpp"
#include "sonde/time.hpp"
#include "wire/icmp.hpp"

namespace sonde::transport {

// One probe on its way out.
struct Departure {
  net::SocketAddress to;
  std::uint32_t number = 0;                 // of this send; counts up by one, failed sends included
  bool stamp = true;                        // ask for a TX stamp
  std::optional<std::uint16_t> sequence{};  // of an ICMP message, where it is not the number's low 16 bits
  std::span<std::byte> message;             // room for the ICMP header (send() fills it in), then the payload
  PacketOptions packet{};  // what is unset is as the socket has it; a flow label has to be in `to` as well

  // Filled in by send().
  int system_errno = 0;              // 0: the kernel took it
  MonotonicTime call_began{};        // when the system call that took it began
  MonotonicTime call_ended{};        // and when it returned
  MonotonicTime sent_at{};           // when it left, interpolated between the call's begin and end
  std::optional<std::uint32_t> mtu;  // with EMSGSIZE: what would have fitted
};

// The kernel's word on when a send was handed to the device.
struct SendStamp {
  std::uint32_t number = 0;
  UnixTime at{};
  bool hardware = false;
  bool scheduler = false;  // given to the queueing discipline; TransportOptions::scheduler_stamps
};

// What shows that an answer answers the probe with its sequence number.
enum class Proof : std::uint8_t {
  token,       // an ICMP answer: what it brings back of the probe (wire/probe_message.hpp), of an echo all
  quote,       // a port unreachable: the probe's token as far as the quote goes, else the ports that it names
  ports,       // a datagram from the port that was probed; its content is the service's own
  connection,  // TCP: the kernel matched ports and sequence numbers
};

// One packet that came back: an answer, an ICMP error or anything else that reached the socket.
struct Arrival {
  wire::IcmpMessage message;      // spans point into the transport's buffers: valid until the next receive()
  std::optional<Address> from;    // who sent it; for an ICMP error the offender
  std::optional<Address> probed;  // for an ICMP error: where the quoted probe was going
  std::optional<UnixTime> stamp;  // software RX stamp
  std::optional<UnixTime> hardware_stamp;
  MonotonicTime received_at{};  // when receive() got hold of it
  std::optional<std::uint8_t> ttl, tos;
  std::uint32_t bytes = 0;  // ICMP message length on the wire; see expect_messages_of()
  bool bad_checksum = false;
  Proof proof = Proof::token;      // of an answer
  bool refused = false;            // TCP: the port is closed, which is an answer as well
  std::optional<Nanoseconds> rtt;  // where the kernel measured it itself, instead of stamps
  // IPv4 alone, the first two only from raw sockets.
  std::optional<std::uint16_t> identification;
  bool dont_fragment = false;
  std::span<const std::byte> ip_options;
  std::span<const std::byte>
      packet;  // as received: from the IP header on if has_ip_header, else from the ICMP header
  bool has_ip_header = false;
  bool from_error_queue = false;  // `packet` is what an ICMP error quotes
};

// What one call of receive() brought. Reused from call to call, so that nothing is allocated on the way.
struct ReceiveBatch {
  std::vector<Arrival> arrivals;
  std::vector<SendStamp> stamps;
  void clear() {
    arrivals.clear();
    stamps.clear();
  }
};

class Transport {
 public:
  // Sends and receives go in batches of at most this many: beyond it nothing is gained, and bursts grow.
  static constexpr std::size_t batch_size = 32;

  virtual ~Transport() = default;

  virtual Family family() const = 0;
  virtual TransportKind kind() const = 0;
  // Readable when an answer, stamp or error waits; -1 for a transport without a descriptor (tests).
  virtual int fd() const = 0;
  virtual std::uint16_t identifier() const = 0;
  // The best clock its RTTs are from: user when the kernel measures nothing.
  virtual RttClock clock() const = 0;
  // Whether sends get TX stamps, which then decide when an answer came however late it is read.
  virtual bool stamps() const { return clock() != RttClock::user; }
  // How many probes may be on their way before numbers repeat; a power of two, at most 65,536.
  virtual std::size_t numbers_at_once() const { return 65'536; }

  // Hands `departures` (at most batch_size) to the kernel in order, each exactly once. Returns how many were
  // decided, taken or refused; the rest were not tried because the send buffer is full: try them again later.
  virtual std::size_t send(std::span<Departure> departures) = 0;

  // Adds what waits, without blocking. Answers are read before the stamps of what they answer, and the error
  // queue is then read to its end: an answer in `batch` without a stamp has none. True when more answers may
  // wait.
  virtual bool receive(ReceiveBatch& batch) = 0;

  // Gets ready to send probes with this Departure::packet. Errors: invalid_argument, with the reason, for what this way or
  // family cannot give a single probe; system.
  virtual Result<void> admit(const PacketOptions& packet);

  // Answers up to this ICMP message length are received whole; more only counts in Arrival::bytes, and not
  // even that on a datagram socket (ping_recvmsg() returns what fitted, also with MSG_TRUNC).
  virtual void expect_messages_of(std::size_t bytes) = 0;

  // Packets the kernel dropped so far for want of receive buffer.
  virtual std::uint64_t receive_drops() = 0;
  // How many answers with their stamps the receive buffer holds.
  virtual std::size_t receive_capacity() const = 0;
};

struct ReceiveBuffers;

struct TransportOptions {
  TransportKind kind = TransportKind::automatic;
  ClockChoice clock = ClockChoice::automatic;
  NetworkOptions network;  // its PacketOptions hold for probes that say nothing else
  int receive_buffer_bytes = 0;
  bool sampled_stamps = false;    // TX stamps are asked for send by send (Departure::stamp)
  bool scheduler_stamps = false;  // each send has a second TX stamp; for those who look at single probes
  bool own_send_numbers =
      true;  // number sends by SCM_TS_OPT_ID where the kernel takes it; false: tests of the fallback
  bool options_by_message =
      true;             // PacketOptions as control messages where the kernel takes them; false: as above
  bool headers = true;  // tell TTL, TOS and IP options of what arrives; it costs each packet a little
  std::uint16_t identifier = 0;  // of a raw socket: unlike that of any other of this process
  const Clock* clock_source = &Clock::system();
  // Shared by the transports of one thread: what one receive() gave is valid until the next of any of them.
  // Null: its own.
  std::shared_ptr<ReceiveBuffers> buffers;
};

struct OpenedTransport {
  std::unique_ptr<Transport> transport;
  std::string reason;  // why not the first choice; empty when it was
};

}  // namespace sonde::transport
