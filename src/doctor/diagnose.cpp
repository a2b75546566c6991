// diagnose.cpp: see diagnose.hpp.
#include "doctor/diagnose.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "doctor/beliefs.hpp"
#include "doctor/causes.hpp"
#include "doctor/firewall.hpp"
#include "doctor/fixes.hpp"
#include "doctor/holders.hpp"
#include "doctor/host.hpp"
#include "doctor/limits.hpp"
#include "doctor/network.hpp"
#include "doctor/ping_binary.hpp"
#include "doctor/stamps.hpp"
#include "doctor/target.hpp"
#include "sonde/version.hpp"

namespace sonde::doctor {
namespace {

constexpr Nanoseconds patience_for_processes = std::chrono::milliseconds(300);

const char* read_variable(const char* name) {
  return std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets variables here
}

Situation read_situation(const DiagnoseOptions& options, Diagnosis& diagnosis) {
  diagnosis.host = read_host(options.root, read_variable);
  diagnosis.host.owns_network = net::owns_network_namespace();
  Situation situation;
  situation.host = diagnosis.host;
  if (auto permissions = net::read_permissions(options.root)) {
    diagnosis.executable_on_nosuid = is_on_nosuid(permissions->executable);
    situation.permissions = *permissions;
    diagnosis.permissions = std::move(*permissions);
  } else {
    diagnosis.permissions_failure = permissions.error().message();
  }
  situation.executable_on_nosuid = diagnosis.executable_on_nosuid;
  std::error_code ignored;
  situation.has_ipv6 = std::filesystem::exists(options.root / "proc/net/if_inet6", ignored);
  return situation;
}

Attempt attempt(const WaySpec& way, Family family, const Situation& situation) {
  Attempt tried;
  tried.family = family;
  const Opened opened = open_way(way, family);
  tried.open = opened.failed_call.empty();
  tried.failed_call = opened.failed_call;
  tried.system_errno = opened.system_errno;
  if (tried.open) {
    test_stamps(way, opened.socket.get(), tried);
  } else {
    explain(way.way, tried, situation);
  }
  return tried;
}

WayFound try_way(const WaySpec& way, const DiagnoseOptions& options, const Situation& situation) {
  WayFound found{way.way, {}, {}};
  ClosedBy closed_by = ClosedBy::nothing;
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    if (options.family && *options.family != family) continue;
    found.attempts.push_back(attempt(way, family, situation));
    if (closed_by == ClosedBy::nothing) closed_by = found.attempts.back().closed_by;
  }
  found.remedy = find_remedy(way.way, closed_by, situation);
  return found;
}

}  // namespace

bool WayFound::open() const {
  return std::ranges::any_of(attempts, &Attempt::open);
}

bool TargetFound::answered() const {
  return std::ranges::any_of(ways, [](const TargetWay& way) { return way.received > 0; });
}

bool Diagnosis::works() const {
  return target ? target->answered() : std::ranges::any_of(ways, &WayFound::open);
}

Diagnosis diagnose(const DiagnoseOptions& options) {
  Diagnosis diagnosis;
  diagnosis.version = version();
  const Situation situation = read_situation(options, diagnosis);
  // Before sockets of our own are open.
  diagnosis.holders = find_holders(options.root, ::getpid(), patience_for_processes);
  for (const WaySpec& way : all_ways) diagnosis.ways.push_back(try_way(way, options, situation));
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    if (!options.family || *options.family == family) diagnosis.routes.push_back(find_route(family));
  }
  diagnosis.interfaces = find_interfaces();
  diagnosis.send_numbers = net::kernel_takes_send_numbers();
  diagnosis.limits = read_limits(options.root);
  try_receive_buffer(diagnosis.limits.receive_buffer);
  diagnosis.firewall = read_firewall_traces(options.root);
  list_chains(diagnosis.firewall);
  const char* path = read_variable("PATH");
  diagnosis.ping = find_ping(options.root, path == nullptr ? "" : path);
  diagnosis.beliefs = test_beliefs();
  if (options.target) diagnosis.target = ask_target(*options.target, options.family, diagnosis.ways);
  return diagnosis;
}

}  // namespace sonde::doctor
