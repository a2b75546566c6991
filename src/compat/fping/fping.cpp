// fping.cpp: see fping.hpp. The order of the steps is fping's: it decides which of several complaints is made.
#include "compat/fping/fping.hpp"

#include <fmt/core.h>
#include <net/if.h>

#include <array>
#include <csignal>
#include <optional>
#include <span>
#include <system_error>

#include "compat/files.hpp"
#include "compat/fping/options.hpp"
#include "compat/fping/run.hpp"
#include "compat/fping/sockets.hpp"
#include "compat/fping/targets.hpp"
#include "compat/streams.hpp"
#include "net/permissions.hpp"
#include "text/printable.hpp"

namespace sonde::compat::fping {

namespace {

std::string because(const std::string& what, int system_errno) {
  return what + ": " + std::generic_category().message(system_errno) + "\n";
}

// What the options want of the sockets. A mark that is refused is left out, with a word about it.
std::optional<Ending> prepare(Options& options, const Sockets& sockets, Streams& streams) {
  for (const Family family : families) {
    const char* which = family == Family::ipv4 ? "" : ", IPV6";
    const int refused = options.interface.empty() ? 0 : sockets.try_interface(family, options.interface);
    if (refused != 0)
      return Ending{
          1, {}, because(fmt::format("binding to specific interface (SO_BINDTODEVICE){}", which), refused)};
  }
  const std::string& outgoing = options.outgoing_interface;
  if (!outgoing.empty() && ::if_nametoindex(outgoing.c_str()) == 0)
    return Ending{1, {}, fmt::format("fping: unknown interface '{}'\n", text::printable(outgoing))};
  bool marked = options.mark.has_value();
  for (const Family family : families) {
    const int refused = options.mark ? sockets.try_mark(family, *options.mark) : 0;
    if (refused == 0) continue;
    streams.err(because(family == Family::ipv4 ? "fwmark ipv4" : "fwmark ipv6", refused));
    marked = false;
  }
  if (!marked) options.mark.reset();
  const bool none = !sockets.any() || (options.family == Family::ipv6 && sockets.of(Family::ipv6) == nullptr);
  if (none) {
    return Ending{4,
                  {},
                  fmt::format("{0}: can't create socket (must run as root?)\n{0}: {1}\n", options.program,
                              sockets.refusal(options.family.value_or(Family::ipv4)))};
  }
  return std::nullopt;
}

std::optional<Ending> try_sources(const Options& options, const Sockets& sockets) {
  for (const auto& source : {options.source_v4, options.source_v6}) {
    const int refused = source ? sockets.try_source(*source) : 0;
    if (refused != 0) {
      return Ending{4,
                    {},
                    fmt::format("{}: cannot bind source address : {}\n", options.program,
                                std::generic_category().message(refused))};
    }
  }
  return std::nullopt;
}

std::optional<Ending> measure(Options& options, Streams& streams, int& status) {
  const MonotonicTime began = Clock::system().monotonic();
  const Sockets sockets(options.icmp_timestamp);
  if (auto ending = prepare(options, sockets, streams)) return ending;
  if (auto settled = settle(options); !settled) return settled.error();
  const auto needed = {net::Capability::net_raw, net::Capability::net_admin};
  prepare_to_open_files(needed);
  std::optional<HostFile> file;
  if (options.file) file.emplace(*options.file);
  net::keep_only(needed);
  auto hosts = read_targets(options, file ? &*file : nullptr, streams);
  if (!hosts) return hosts.error();
  streams.flush();
  if (auto ending = try_sources(options, sockets)) return ending;
  status = Run(options, *hosts, sockets, streams, began).run();
  return std::nullopt;
}

}  // namespace

int main(int count, char** arguments) {
  Streams streams;
  int status = 0;
  std::optional<Ending> ending;
  if (auto options = read_options(std::span(arguments, static_cast<std::size_t>(count)))) {
    ending = measure(*options, streams, status);
  } else {
    ending = options.error();
  }
  if (ending) {
    streams.out(ending->output);
    streams.err(ending->errors);
    status = ending->status;
  }
  return streams.finish(count > 0 ? arguments[0] : "fping", status);
}

}  // namespace sonde::compat::fping
