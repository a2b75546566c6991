// background.cpp: a session on threads of its own; the program does something else and reads figures when it
// likes.
//
//   background [ADDRESS]       default 127.0.0.1; watched for three seconds
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "sonde/session.hpp"

namespace {

int fail(const sonde::Error& error) {
  std::cerr << error.message() << '\n';
  return EXIT_FAILURE;
}

void print(const sonde::Figures& figures) {
  std::cout << figures.sent << " sent, " << figures.received << " received, " << figures.lost << " lost";
  if (figures.rtt) {
    std::cout << "; RTT median " << figures.rtt->p50.count() << " ns, p99 " << figures.rtt->p99.count()
              << " ns";
  }
  std::cout << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  const auto address = sonde::Address::parse(argc > 1 ? argv[1] : "127.0.0.1");
  if (!address) return fail(address.error());

  sonde::SessionOptions figures_only;
  figures_only.events = false;
  auto session = sonde::Session::open(figures_only);
  if (!session) return fail(session.error());

  sonde::TargetOptions often;
  often.schedule = sonde::FixedInterval{std::chrono::milliseconds(20)};
  const auto target = session->add(*address, often);
  if (!target) return fail(target.error());
  if (const auto started = session->start(); !started) return fail(started.error());

  for (int second = 1; second <= 3; ++second) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    const auto figures = session->figures(*target);
    if (!figures) return fail(figures.error());
    print(*figures);
  }

  // Those still in flight get half a second to be answered.
  if (const auto stopped = session->stop(std::chrono::milliseconds(500)); !stopped)
    return fail(stopped.error());
  const auto figures = session->figures(*target);
  if (!figures) return fail(figures.error());
  print(*figures);
  return figures->received > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
