// network_namespace.hpp: test bodies in a network namespace of their own, which goes with them.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace sonde::net::testing {

// Runs `body` in a forked child that has a fresh network namespace with `lo` up, ping sockets open to
// everybody and all ICMP rate limits off, and as root there. Expectations that fail in `body` fail the
// calling test; so does taking longer than `limit`. Skips the test when this process may not make namespaces.
// Call as a test's last statement.
void in_network_namespace(const std::function<void()>& body,
                          std::chrono::seconds limit = std::chrono::seconds(20));

// For use in a body:

// Runs a shell command; its failure is the test's. Returns whether it succeeded.
bool run(const std::string& command);
// Whether a shell command succeeds, quietly.
bool succeeds(const std::string& command);
// Waits until an IPv6 address that was added is this host's: the kernel takes it with the command, and enters its route a
// moment later.
void await_address(const std::string& address);
// Adds an IPv6 address to the loopback device, and waits for it.
void add_loopback_address(const std::string& address);
// Writes a sysctl of the namespace: "net.ipv4.ping_group_range", "1 0".
bool set_sysctl(std::string name, const std::string& value);
// Becomes an ordinary user without groups and capabilities, for the rest of the body.
void drop_privileges();

// From now on raw sockets and ICMP datagram sockets are refused with EPERM by a seccomp filter, as a function's sandbox
// does. Returns whether the kernel took it.
bool deny_icmp_sockets();

}  // namespace sonde::net::testing
