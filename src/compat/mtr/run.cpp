// run.cpp: commands in, answers out; between them a session, of which every probe is a question.
#include "compat/mtr/run.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "compat/mtr/answers.hpp"
#include "compat/mtr/command.hpp"
#include "compat/mtr/probe.hpp"
#include "compat/streams.hpp"
#include "net/permissions.hpp"
#include "net/socket_address.hpp"
#include "process/descriptor_limit.hpp"
#include "sonde/session.hpp"
#include "transport/icmp_socket.hpp"

namespace sonde::compat::mtr {

namespace {

constexpr std::string_view name = "mtr-packet";
constexpr std::string_view version = "0.95";
constexpr std::size_t most_under_way = 1024;

std::optional<TransportKind> icmp_way(Family family) {
  const net::RaisedCapability raised;
  for (const TransportKind kind : {TransportKind::icmp_datagram, TransportKind::icmp_raw}) {
    if (transport::IcmpSocket::open_descriptor(family, kind)) return kind;
  }
  return std::nullopt;
}

// The errno with which the family is closed to this process; 0: it is open.
int refusal_of(Family family) {
  const net::FileDescriptor opened(::socket(net::address_family(family), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return opened ? 0 : errno;
}

class Run {
 public:
  explicit Run(Streams& streams) : streams_(streams) {}

  // The exit status, unless answers cannot be written.
  int run() {
    if (!find_support()) return 1;
    while (input_open_ || under_way_ != 0) {
      if (session_) {
        if (const auto done = session_->process(); !done) return fail(done.error().message());
      }
      streams_.flush();
      if (streams_.failed()) return 0;
      if (!input_open_ && under_way_ == 0) break;
      if (wait() && !read_input()) return fail(std::strerror(errno));
    }
    return 0;
  }

 private:
  bool find_support() {
    const int ipv4_refusal = refusal_of(Family::ipv4), ipv6_refusal = refusal_of(Family::ipv6);
    support_ = {ipv4_refusal == 0, ipv6_refusal == 0, icmp_way(Family::ipv4), icmp_way(Family::ipv6)};
    if (support_.ipv4 || support_.ipv6) return true;
    fail(fmt::format("Failure to open IPv4 sockets: {}", std::strerror(ipv4_refusal)));
    fail(fmt::format("Failure to open IPv6 sockets: {}", std::strerror(ipv6_refusal)));
    return false;
  }

  int fail(std::string_view why) {
    streams_.err(fmt::format("{}: {}\n", name, why));
    return 1;
  }

  // Until something can be done; true when there is input.
  bool wait() const {
    // Who takes no answers is not listened to: there would be no end of them.
    const bool listens = input_open_ && streams_.waited_for()[0].fd < 0;
    std::vector<pollfd> waited_for{{listens ? STDIN_FILENO : -1, POLLIN, 0}};
    for (const pollfd& stream : streams_.waited_for()) waited_for.push_back(stream);
    std::optional<MonotonicTime> until;
    if (session_) {
      waited_for.push_back({session_->fd(), POLLIN, 0});
      until = session_->next_deadline();
    }
    timespec timeout{};
    if (until) {
      const auto left = std::max(Nanoseconds::zero(), *until - Clock::system().monotonic()).count();
      timeout = {static_cast<time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
    }
    ::ppoll(waited_for.data(), waited_for.size(), until ? &timeout : nullptr, nullptr);
    return waited_for.front().revents != 0;
  }

  // What there is, which is never waited for. False: it cannot be read.
  bool read_input() {
    const auto room = input_.room();
    const ssize_t count = ::read(STDIN_FILENO, room.data(), room.size());
    if (count < 0) return errno == EINTR || errno == EAGAIN;
    input_open_ = count != 0;
    input_.took(static_cast<std::size_t>(count));
    while (const auto line = input_.next()) {
      const auto command = parse_command(*line);
      if (command) {
        obey(*command);
      } else {
        say(0, "command-parse-error");
      }
    }
    if (input_.take_overflow()) say(0, "command-buffer-overflow");
    return true;
  }

  void say(int token, std::string_view what) { streams_.out(fmt::format("{} {}\n", token, what)); }

  void obey(const Command& command) {
    if (command.name == "check-support") {
      const auto feature = command.find("feature");
      say(command.token,
          feature ? fmt::format("feature-support support {}", support_for(*feature)) : "invalid-argument");
    } else if (command.name == "send-probe") {
      const std::string refused = send(command);
      if (!refused.empty()) say(command.token, refused);
    } else {
      say(command.token, "unknown-command");
    }
  }

  std::string_view support_for(std::string_view feature) const {
    if (feature == "version") return version;
    const bool supported = (feature == "ip-4" && support_.ipv4) || (feature == "ip-6" && support_.ipv6) ||
                           (feature == "icmp" && (support_.icmpv4 || support_.icmpv6)) ||
                           feature == "send-probe" || feature == "udp" || feature == "tcp" ||
                           feature == "mark";
    return supported ? "ok" : "no";
  }

  // Empty: the answer follows.
  std::string send(const Command& command) {
    const auto probe = read_probe(command, support_);
    if (!probe) return std::string(probe.error());
    if (under_way_ >= most_under_way) return "probes-exhausted";
    if (!session_) {
      if (auto opened = open_session(); !opened) return refusal(opened.error());
    }
    const auto asked = session_->ask(probe->to, probe->options, static_cast<std::uint32_t>(command.token));
    if (!asked) return refusal(asked.error());
    ++under_way_;
    return {};
  }

  Result<void> open_session() {
    SessionOptions options;
    options.pace_udp = false;  // when to ask is mtr's business
    auto opened = Session::open(options, [this](const Event& event) { take(event); });
    if (!opened) return std::unexpected(opened.error());
    session_.emplace(std::move(*opened));
    return {};
  }

  // What comes after the verdict is no answer any more.
  void take(const Event& event) {
    const std::string answer = event.tag ? answer_to(event) : std::string();
    if (answer.empty()) return;
    say(static_cast<int>(static_cast<std::uint32_t>(*event.tag)), answer);
    --under_way_;
  }

  Streams& streams_;
  Support support_;
  LineBuffer input_;
  bool input_open_ = true;
  std::optional<Session> session_;  // opened with the first probe
  std::size_t under_way_ = 0;       // probes without an answer
};

}  // namespace

int run(int /*count*/, char** /*arguments*/) {
  // What opens sockets, which every new TTL takes; nothing else needs a privilege.
  net::keep_only({net::Capability::net_raw, net::Capability::net_admin});
  process::raise_descriptor_limit();
  Streams streams;
  return streams.finish(name, Run(streams).run());
}

}  // namespace sonde::compat::mtr
