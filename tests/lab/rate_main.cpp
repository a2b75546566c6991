// rate_main.cpp: sonde_lab_rate: how many packets a second the responder answers. Not a test: run by hand on
// an idle machine.
//
// Sends from one thread over a raw socket as fast as it can with at most `window` unanswered, through a
// simulated network whose responder keeps a summary only (or, with the word `record`, everything).
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <string_view>
#include <vector>

#include "lab/network.hpp"
#include "lab/packet.hpp"

namespace {

using namespace sonde::lab;
using Clock = std::chrono::steady_clock;

constexpr int batch = 64, window = 512, seconds = 3;

// One batch of echo requests to addresses counting up, and room for what comes back.
class Traffic {
 public:
  Traffic() {
    for (std::size_t at = 0; at < batch; ++at) {
      packets_[at] = {8, 0, 0, 0, 0x12, 0x34};
      addresses_[at].sin_family = AF_INET;
      vectors_[at] = {packets_[at].data(), packets_[at].size()};
      outgoing_[at].msg_hdr = {&addresses_[at], sizeof addresses_[at], &vectors_[at], 1, nullptr, 0, 0};
      into_[at] = {buffers_[at].data(), buffers_[at].size()};
      incoming_[at].msg_hdr = {nullptr, 0, &into_[at], 1, nullptr, 0, 0};
    }
  }

  int send(int socket) {
    for (std::size_t at = 0; at < batch; ++at) {
      const auto number = (static_cast<std::uint32_t>(sent_) + static_cast<std::uint32_t>(at)) % 60'000 + 1;
      addresses_[at].sin_addr.s_addr = htonl(0x0a4d0000u + number);
      packets_[at][2] = packets_[at][3] = 0;
      packets_[at][6] = static_cast<std::uint8_t>(number >> 8);
      packets_[at][7] = static_cast<std::uint8_t>(number);
      const std::uint16_t sum = checksum_of(add_to_sum(packets_[at]));
      packets_[at][2] = static_cast<std::uint8_t>(sum >> 8);
      packets_[at][3] = static_cast<std::uint8_t>(sum);
    }
    const int count = ::sendmmsg(socket, outgoing_.data(), batch, MSG_DONTWAIT);
    if (count > 0) sent_ += count;
    return count;
  }
  int receive(int socket) {
    const int count = ::recvmmsg(socket, incoming_.data(), batch, MSG_DONTWAIT, nullptr);
    if (count > 0) received_ += count;
    return count;
  }
  std::int64_t sent() const { return sent_; }
  std::int64_t received() const { return received_; }

 private:
  std::array<std::array<std::uint8_t, 64>, batch> packets_{};
  std::array<std::array<std::uint8_t, 256>, batch> buffers_{};
  std::array<sockaddr_in, batch> addresses_{};
  std::array<iovec, batch> vectors_{}, into_{};
  std::array<mmsghdr, batch> outgoing_{}, incoming_{};
  std::int64_t sent_ = 0, received_ = 0;
};

int measure() {
  const int socket = ::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  const int buffer = 8 << 20;
  if (socket < 0 || ::setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0) return 1;
  Traffic traffic;
  const auto start = Clock::now();
  const auto end = start + std::chrono::seconds(seconds);
  auto last_answer = start;
  while (Clock::now() < end) {
    if (traffic.sent() - traffic.received() <= window - batch) traffic.send(socket);
    if (traffic.receive(socket) > 0) {
      last_answer = Clock::now();
    } else if (traffic.sent() - traffic.received() > window - batch) {
      pollfd wait = {socket, POLLIN, 0};
      ::poll(&wait, 1, 10);
      if (Clock::now() - last_answer > std::chrono::milliseconds(500)) break;
    }
  }
  for (pollfd wait = {socket, POLLIN, 0}; ::poll(&wait, 1, 100) > 0;) traffic.receive(socket);
  const double elapsed = std::chrono::duration<double>(last_answer - start).count();
  fmt::print("{} sent, {} answered in {:.2f} s: {:.0f} packets/s\n", traffic.sent(), traffic.received(),
             elapsed, static_cast<double>(traffic.received()) / elapsed);
  ::close(socket);
  return traffic.sent() == traffic.received() ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  const std::string_view word = count > 1 ? words[1] : "";
  if (word == "--inside") return measure();
  try {
    for (const char* behaviour :
         {"", "; delay 2ms", "; delay uniform 1ms 5ms; duplicates 0; probe 1000000: silence"}) {
      SimulatedNetwork network(std::string("host 10.77.0.0/16") + behaviour,
                               {.summary_only = word != "record"});
      const Finished finished = network.run({.arguments = {"/proc/self/exe", "--inside"}});
      fmt::print("host{:55} {}{}", behaviour, finished.output, finished.errors);
    }
  } catch (const LabError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
