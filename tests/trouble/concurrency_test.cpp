// concurrency_test.cpp: many processes and threads ask at once, of all kinds, and none takes another's
// answers.
#include <gmock/gmock.h>

#include "trouble/program.hpp"

namespace sonde::trouble {
namespace {

using ::testing::HasSubstr;

struct Running {
  Words targets;
  Process process;
};

// Over one network: eight `sonde ping` by raw and eight by ping sockets, four of them with two threads, each
// with targets in both families that the others have too; and the system's own tools beside them.
TEST(Concurrency, ProcessesAndThreadsNeverTakeEachOthersAnswers) {
  const VethPair pair;
  const Words targets = {"10.78.0.2", "fd78::2", "10.78.0.1", "fd78::1", "127.0.0.1", "::1"};
  std::vector<Running> all;
  for (int number = 0; number < 16; ++number) {
    Words arguments = {"-c", "25",  "-i",          "10ms",
                       "-W", "10s", "--transport", number % 2 == 0 ? "icmp" : "raw"};
    if (number % 4 == 3) arguments = arguments + Words{"--threads", "2", "--sockets", "2"};
    // Each begins elsewhere, so that sequence numbers and times differ.
    Words mine = targets;
    std::rotate(mine.begin(), mine.begin() + number % 6, mine.end());
    all.push_back({mine, pair.near().start(
                             sonde_json(arguments + mine, number % 2 == 0 ? User::ordinary : User::root))});
  }
  std::vector<Process> others;
  for (const char* address : {"10.78.0.2", "fd78::2", "127.0.0.1", "::1"}) {
    others.push_back(pair.near().start(
        {.arguments = {"ping", "-n", "-q", "-c", "25", "-i", "0.01", "-W", "10", address}}));
  }
  others.push_back(
      pair.near().start({.arguments = Words{"fping", "-q", "-c", "25", "-p", "10", "-t", "5000"} + targets}));
  for (Running& running : all) {
    expect_all_answered(read_run(running.process.wait(), 0), running.targets, 25, Foreign::possible);
  }
  for (Process& process : others) {
    const Finished finished = process.wait();
    EXPECT_EQ(finished.status, 0) << finished.output << finished.errors;
  }
}

TEST(Concurrency, ThreadsOfOneProcessShareTheTargets) {
  const Loopback space;
  for (const char* transport : {"icmp", "raw"}) {
    Words targets;
    for (int host = 1; host <= 100; ++host) targets.push_back("127.0.3." + std::to_string(host));
    targets.insert(targets.end(), {"::1", "::1", "::1"});
    const SondeRun run =
        read_run(space.run(sonde_json(Words{"-c", "10", "-i", "30ms", "-W", "10s", "--threads", "2",
                                            "--sockets", "3", "--transport", transport} +
                                          targets,
                                      User::root)),
                 0);
    expect_all_answered(run, targets, 10);
  }
}

}  // namespace
}  // namespace sonde::trouble
