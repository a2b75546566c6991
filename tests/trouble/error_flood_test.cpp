// error_flood_test.cpp: one host's ICMP error is not another probe's verdict: whole programs, while thousands of hosts answer
// with errors, and while somebody forges 50,000 errors a second.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "net/network_namespace.hpp"
#include "net/ping_socket.hpp"
#include "trouble/program.hpp"

namespace sonde::trouble {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ErrorFlood, OfSixtyThousandHostsThatAnswerWithErrorsEachProbeHasItsOwnVerdict) {
  const lab::SimulatedNetwork network("host 10.77.0.0/16; error host-unreachable\n", {.summary_only = true});
  const Finished finished = network.run(
      sonde_json({"-c", "1", "-W", "2s", "--rate", "60000", "-q", "-g", "10.77.0.0-10.77.249.255"}));
  const SondeRun run = read_run(finished, 1);
  std::uint64_t sent = 0, local = 0, errors = 0, lost = 0;
  for (const SondeSummary& summary : run.summaries) {
    sent += summary.sent;
    local += summary.local;
    errors += summary.errors;
    lost += summary.lost;
  }
  EXPECT_EQ(sent, 64'000u);
  EXPECT_EQ(local, 0u);
  EXPECT_GT(errors, sent / 2);
  EXPECT_EQ(errors + lost, sent);
}

// ICMP errors about probes to 192.0.2.9, which nobody asks, to every ping socket of the namespace, some 50,000 a second.
class Forger {
 public:
  Forger()
      : thread_([this](const std::stop_token& stop) {
          while (!stop.stop_requested()) burst();
        }) {}
  std::uint64_t forged() const { return forged_; }

 private:
  // In ten milliseconds; the identifiers of ping sockets are their ports.
  void burst() {
    constexpr int packets = 500;
    const auto began = std::chrono::steady_clock::now();
    std::vector<std::uint16_t> identifiers;
    std::ifstream table("/proc/thread-self/net/icmp");
    std::string line, slot, local;
    std::getline(table, line);
    while (std::getline(table, line) && std::istringstream(line) >> slot >> local) {
      std::istringstream(line) >> slot >> local;
      identifiers.push_back(
          static_cast<std::uint16_t>(std::stoul(local.substr(local.find(':') + 1), nullptr, 16)));
    }
    for (int i = 0; i < packets && !identifiers.empty(); ++i, ++forged_) {
      net::testing::forge_unreachable(own_, own_, other_, identifiers[forged_ % identifiers.size()],
                                      static_cast<std::uint16_t>(forged_ % 300));
    }
    std::this_thread::sleep_until(began + 10ms);
  }

  Address own_ = Address::parse("127.0.0.1").value(), other_ = Address::parse("192.0.2.9").value();
  std::atomic<std::uint64_t> forged_{0};
  std::jthread thread_;
};

struct Said {
  int status = 0;
  std::string text;  // on both outputs
};
Said run_shell(const std::string& line) {
  Said said;
  FILE* pipe = ::popen((line + " 2>&1").c_str(), "r");
  std::array<char, 4096> buffer;
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe))
    said.text.append(buffer.data(), got);
  said.status = WEXITSTATUS(::pclose(pipe));
  return said;
}

// Under `name` as the program's own.
std::string called(const ScratchDirectory& directory, const std::string& name) {
  const auto link = directory.path() / name;
  std::filesystem::create_symlink(SONDE_PROGRAM, link);
  return link.string();
}

TEST(ErrorFlood, ForgedErrorsRefuseNoProbeOfPing) {
  const ScratchDirectory directory;
  net::testing::in_network_namespace([&directory] {
    const Forger forger;
    const Said said = run_shell(called(directory, "ping") + " -c 2000 -i 0.001 -q 127.0.0.1");
    EXPECT_EQ(said.status, 0) << said.text;
    EXPECT_THAT(said.text, HasSubstr("2000 packets transmitted, 2000 received, 0% packet loss"));
    EXPECT_THAT(said.text, Not(HasSubstr("error")));
    EXPECT_GT(forger.forged(), 10'000u) << "there was no flood";
  });
}

TEST(ErrorFlood, ForgedErrorsRefuseNoProbeOfFping) {
  const ScratchDirectory directory;
  net::testing::in_network_namespace([&directory] {
    const Forger forger;
    const Said said = run_shell(called(directory, "fping") + " -i 0.05 -p 200 -c 10 -q -g 127.0.0.0/24");
    EXPECT_THAT(said.text, Not(HasSubstr("error while sending")));
    EXPECT_THAT(said.text, HasSubstr("127.0.0.254 : xmt/rcv/%loss = 10/10/0%"));
    EXPECT_GT(forger.forged(), 10'000u) << "there was no flood";
  });
}

TEST(ErrorFlood, ForgedErrorsRefuseNoProbeOfManyTargets) {
  net::testing::in_network_namespace([] {
    const Forger forger;
    const Said said = run_shell(SONDE_PROGRAM " ping --format json -q -c 20 -i 100ms -g 127.0.0.0/21");
    EXPECT_THAT(said.text, HasSubstr(R"("errors":0,"local":0,"loss_ratio")"));
    EXPECT_GT(forger.forged(), 10'000u) << "there was no flood";
  });
}

}  // namespace
}  // namespace sonde::trouble
