// tcp_connections.hpp: asks by TCP handshakes: the time from a SYN to its SYN-ACK, or to the reset of a closed port.
//
// A probe is one connection attempt, a socket of its own: it sends one SYN and never any data. A connection that was
// accepted is reset at once (SO_LINGER 0), so that no state is left at either end. The kernel sends a SYN again after
// one second; before that the attempt is given up, and an answer that came after a second SYN all the same
// (tcpi_total_retrans) is thrown away, as nobody knows which of them it answers.
//
// RTTs of accepted connections are the kernel's own (TCP_INFO, tcpi_rtt: microseconds); of refused ones, for which it
// has none, the monotonic clock's: from before connect() until the end was noticed, which is looked for after every call that
// takes a while.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "net/file_descriptor.hpp"
#include "net/socket_address.hpp"
#include "transport/transport.hpp"

namespace sonde::transport {

class TcpConnections final : public Transport {
 public:
  // Errors: resource_limit (descriptors); that of an option that could not be set, which is tried on one socket.
  static Result<std::unique_ptr<TcpConnections>> open(Family family, const TransportOptions& options);

  Family family() const override { return family_; }
  TransportKind kind() const override { return TransportKind::tcp; }
  int fd() const override { return events_.get(); }
  std::uint16_t identifier() const override { return 0; }
  RttClock clock() const override { return clock_; }
  bool stamps() const override { return false; }

  std::size_t send(std::span<Departure> departures) override;
  Result<void> admit(const PacketOptions& packet) override;
  bool receive(ReceiveBatch& batch) override;
  void expect_messages_of(std::size_t) override {}
  std::uint64_t receive_drops() override { return 0; }
  std::size_t receive_capacity() const override;

  // Attempts that wait for their answer.
  std::size_t under_way() const { return connections_.size() - free_.size(); }

 private:
  struct Connection {
    net::FileDescriptor descriptor;
    std::uint32_t number = 0;
    std::uint32_t use = 0;  // counts the uses of this place
    Address to;
    int refused_at_once = 0;                    // the errno of connect(), which tells it only once
    std::optional<MonotonicTime> noticed_at{};  // it ended, and is in ended_
  };
  struct Deadline {
    MonotonicTime at;
    std::uint32_t place, use;
  };

  TcpConnections(Family family, const TransportOptions& options);

  // A socket with all its options, not yet connected.
  Result<net::FileDescriptor> make_socket(const PacketOptions& packet = {}) const;
  std::uint16_t port_for(const Address& to) const;
  // Returns 0 when the attempt is under way or answered already, else the errno that refused it.
  int connect(Departure& departure);
  std::uint32_t take_place();
  void release(std::uint32_t place);

  // Takes down which attempts have ended, and when.
  void notice();
  std::size_t notice_some();
  void tell(std::uint32_t place, ReceiveBatch& batch);
  void describe(const Connection& connection, int system_errno, ReceiveBatch& batch);
  bool describe_icmp_error(const Connection& connection, Arrival& arrival);
  bool describe_acceptance(const Connection& connection, Arrival& arrival) const;
  void give_up_overdue(MonotonicTime now);
  void arm_timer();

  Family family_;
  NetworkOptions network_;
  RttClock clock_;
  const Clock* clock_source_;
  int first_spare_descriptor_;  // the rest of the process needs some as well
  net::FileDescriptor events_;  // epoll: every connection, and the timer
  net::FileDescriptor timer_;
  std::vector<Connection> connections_;
  std::vector<std::uint32_t> free_;
  std::deque<Deadline> deadlines_;   // of all attempts, oldest first; also of those that have ended
  std::deque<std::uint32_t> ended_;  // places of attempts that have ended and were not told of, in order
  std::deque<std::vector<std::byte>>
      quotes_;  // of the errors that receive() told of last: arrivals point there
  MonotonicTime armed_for_ = MonotonicTime::max();  // when the timer fires; max: not
  // Addresses that were silent on the first port, with the place in the list of the one to ask next.
  std::unordered_map<Address, std::size_t> other_port_;
};

}  // namespace sonde::transport
