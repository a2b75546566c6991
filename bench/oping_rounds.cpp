// oping_rounds.cpp: rounds of ping_send() over many hosts, by whichever liboping.so.0 the loader finds: how long beyond the
// slowest answer, and how much CPU. One JSON object.
//
//   oping_rounds FIRST_ADDRESS HOSTS ROUNDS
#include <arpa/inet.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "liboping/oping.h"

namespace {

double cpu_s() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double slowest_ms(pingobj_t* object) {
  double slowest = 0;
  for (pingobj_iter_t* host = ping_iterator_get(object); host != nullptr; host = ping_iterator_next(host)) {
    double latency = -1;
    std::size_t length = sizeof latency;
    ping_iterator_get_info(host, PING_INFO_LATENCY, &latency, &length);
    slowest = std::max(slowest, latency);
  }
  return slowest;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) return 2;
  const std::uint32_t first = ntohl(::inet_addr(arguments[1]));
  const int hosts = std::atoi(arguments[2]), rounds = std::atoi(arguments[3]);
  pingobj_t* object = ping_construct();
  double timeout_s = 2;
  ping_setopt(object, PING_OPT_TIMEOUT, &timeout_s);
  for (int host = 0; host < hosts; ++host) {
    const in_addr address{htonl(first + static_cast<std::uint32_t>(host))};
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, &address, text.data(), text.size());
    if (ping_host_add(object, text.data()) != 0) return 1;
  }
  if (ping_send(object) < 0) {
    std::fprintf(stderr, "oping_rounds: %s\n", ping_get_error(object));
    return 1;
  }
  std::vector<double> beyond_ms;
  int answered = 0;
  const double cpu_before = cpu_s();
  for (int round = 0; round < rounds; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    answered += ping_send(object);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    beyond_ms.push_back(took.count() - slowest_ms(object));
  }
  const double cpu_ms = (cpu_s() - cpu_before) * 1e3 / rounds;
  std::ranges::sort(beyond_ms);
  std::printf(
      "{\"answered\":%d,\"asked\":%d,\"cpu_ms\":%.3f,\"beyond_median_ms\":%.3f,\"beyond_most_ms\":%.3f}\n",
      answered, hosts * rounds, cpu_ms, beyond_ms[beyond_ms.size() / 2], beyond_ms.back());
  ping_destroy(object);
  return 0;
}
