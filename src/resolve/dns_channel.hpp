// dns_channel.hpp: c-ares as values and functions: DNS look-ups whose sockets live in the caller's epoll
// descriptor.
//
// Asks DNS alone; the hosts file and NSS are the Resolver's. Names are searched and servers found as
// resolv.conf(5) says. One thread at a time. A callback runs inside lookup(), reverse(), process() or
// expire() and must not call back in here.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "resolve/resolution.hpp"
#include "sonde/time.hpp"

struct ares_channeldata;

namespace sonde::resolve {

struct DnsOptions {
  std::string servers;      // "192.0.2.53,127.0.0.1:5353,[::1]:53"; empty: those of resolv.conf
  std::uint16_t port = 53;  // of the servers in resolv.conf
  std::string resolv_conf = "/etc/resolv.conf";
  bool search = true;  // try the search domains of resolv.conf
  std::chrono::milliseconds query_timeout{
      2000};      // of the first try; doubles with each round over all servers
  int tries = 3;  // per server
};

class DnsChannel {
 public:
  // `epoll` must outlive the channel.
  explicit DnsChannel(int epoll) : epoll_(epoll) {}
  DnsChannel(const DnsChannel&) = delete;
  DnsChannel& operator=(const DnsChannel&) = delete;
  ~DnsChannel();  // look-ups under way end without their callback

  // Comes first, once. Errors: unavailable.
  Result<void> open(const DnsOptions& options);

  // Errors: not_found (NXDOMAIN, no address of the family), unavailable (SERVFAIL, timeout, refused).
  void lookup(const std::string& name, FamilyFilter filter, std::function<void(Result<Resolution>)> callback);
  // The name of an address (PTR).
  void reverse(const Address& address, std::function<void(Result<std::string>)> callback);

  // What epoll said of one of the channel's sockets.
  void process(int descriptor, std::uint32_t epoll_events);
  // Sends again or gives up what has waited too long.
  void expire();
  // How long until expire() has something to do; nullopt: nothing is under way.
  std::optional<Nanoseconds> next_timeout() const;

  // What the calls under way know of the channel.
  struct Way {
    bool closing = false;
    bool out_of_memory = false;  // a callback was
  };

 private:
  void throw_what_waits();
  int initialize(const DnsOptions& options, int flags);
  bool has_one_server() const;
  static void socket_changed(void* self, int descriptor, int readable, int writable);

  int epoll_;
  Way way_;
  ares_channeldata* channel_ = nullptr;
};

}  // namespace sonde::resolve
