// ping_once.cpp: asks one address once, on the caller's thread, and hears of the outcome through a callback.
//
//   ping_once [ADDRESS]        default 127.0.0.1
#include <cstdlib>
#include <iostream>

#include "sonde/session.hpp"

namespace {

void print(const sonde::Event& event) {
  std::cout << event.address.to_string() << ": " << sonde::to_string(event.kind);
  if (event.rtt)
    std::cout << " after " << event.rtt->count() << " ns (" << sonde::to_string(event.clock) << " clock)";
  if (event.kind == sonde::EventKind::error) std::cout << ", " << sonde::to_string(event.reason);
  std::cout << '\n';
}

int fail(const sonde::Error& error) {
  std::cerr << error.message() << '\n';
  return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  const auto address = sonde::Address::parse(argc > 1 ? argv[1] : "127.0.0.1");
  if (!address) return fail(address.error());

  auto session = sonde::Session::open({}, print);
  if (!session) return fail(session.error());

  sonde::TargetOptions once;
  once.max_probes = 1;
  once.phase = sonde::Nanoseconds(0);
  const auto target = session->add(*address, once);
  if (!target) return fail(target.error());

  // Without a deadline this returns when the one probe has its verdict.
  if (const auto ran = session->run_until(std::nullopt); !ran) return fail(ran.error());

  const auto figures = session->figures(*target);
  if (!figures) return fail(figures.error());
  return figures->received == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
