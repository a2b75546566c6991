// poll_loop.cpp: a session inside the program's own poll loop, its events pulled in batches.
//
//   poll_loop [ADDRESS]...     default 127.0.0.1 and ::1; ten probes each, ten a second
#include <poll.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sonde/session.hpp"

namespace {

int fail(const sonde::Error& error) {
  std::cerr << error.message() << '\n';
  return EXIT_FAILURE;
}

// The time until `deadline` as ppoll() wants it; not negative.
timespec until(sonde::MonotonicTime deadline) {
  auto left = deadline - sonde::Clock::system().monotonic();
  if (left < left.zero()) left = left.zero();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
  return {.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string_view> texts(argv + 1, argv + argc);
  if (texts.empty()) texts = {"127.0.0.1", "::1"};

  auto session = sonde::Session::open({});
  if (!session) return fail(session.error());

  sonde::TargetOptions options;
  options.schedule = sonde::FixedInterval{std::chrono::milliseconds(100)};
  options.max_probes = 10;
  for (const auto text : texts) {
    const auto address = sonde::Address::parse(text);
    if (!address) return fail(address.error());
    if (const auto target = session->add(*address, options); !target) return fail(target.error());
  }

  std::array<sonde::Event, 64> events;
  while (!session->done()) {
    // A real program has more descriptors here.
    pollfd waiting{.fd = session->fd(), .events = POLLIN, .revents = 0};
    const auto deadline = session->next_deadline();
    const timespec timeout = deadline ? until(*deadline) : timespec{};
    ppoll(&waiting, 1, deadline ? &timeout : nullptr, nullptr);

    if (const auto processed = session->process(); !processed) return fail(processed.error());
    while (const auto count = session->poll_events(events)) {
      for (const auto& event : std::span(events).first(count)) {
        std::cout << event.address.to_string() << " seq " << event.sequence << ' '
                  << sonde::to_string(event.kind);
        if (event.rtt) std::cout << ' ' << event.rtt->count() << " ns";
        std::cout << '\n';
      }
    }
  }
  return session->merged_figures().received > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
