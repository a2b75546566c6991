// program.hpp: `sonde ping` as a user starts it, and what its output must hold.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lab/json_lines.hpp"
#include "lab/network.hpp"
#include "lab/process.hpp"

namespace sonde::trouble {

using lab::Command;
using lab::Finished;
using lab::Namespace;
using lab::Process;
using lab::ScratchDirectory;
using lab::SondeEvent;
using lab::SondeRun;
using lab::SondeSummary;
using lab::User;
using lab::VethPair;

using Words = std::vector<std::string>;

Words operator+(Words first, const Words& second);

// A namespace with loopback and ping sockets for everybody; addresses in 203.0.113.0/24 and 2001:db8:3::/64
// have no route.
class Loopback : public Namespace {
 public:
  Loopback() { open_ping_sockets(true); }
};

// `sonde ping ARGUMENTS`, as an ordinary user unless said otherwise.
Command sonde(Words arguments, User user = User::ordinary);
// With --format json.
Command sonde_json(Words arguments, User user = User::ordinary);
// `sonde ping ARGUMENTS` in a shell line: "$@" is the program with its arguments. The status is the line's.
Command in_shell(const std::string& line, Words arguments);
// In a mount namespace whose /etc/resolv.conf says just that.
Command with_name_server(const ScratchDirectory& directory, const std::string& address, Words arguments);

// What a run that ended by itself wrote; fails the test unless it ended with `status`.
SondeRun read_run(const Finished& finished, int status);

// Every probe has one verdict, in the events (unless they were left out) and in the counters.
void expect_balanced(const SondeRun& run, bool events = true);
// `count` probes to each of the targets, all answered by whom they were sent to, and nothing else happened.
// `foreign`: answers to others may have come by the same identifier, and been rejected. A raw socket's is chosen at random, and
// nobody keeps it from others.
enum class Foreign : std::uint8_t { none, possible };
void expect_all_answered(const SondeRun& run, const Words& targets, std::uint64_t count,
                         Foreign foreign = Foreign::none);

}  // namespace sonde::trouble
