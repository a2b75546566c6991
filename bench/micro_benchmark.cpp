// micro_benchmark.cpp: the parts that every probe passes through, each by itself (the figures: stats_benchmark.cpp).
#include <benchmark/benchmark.h>

#include <array>
#include <vector>

#include "engine/timer_wheel.hpp"
#include "wire/checksum.hpp"
#include "wire/payload.hpp"
#include "wire/token.hpp"

namespace {

using namespace std::chrono_literals;

void token(benchmark::State& state) {
  const sonde::wire::TokenKey key({});
  const sonde::Address address = sonde::Address::loopback(sonde::Family::ipv6);
  std::uint64_t counter = 0;
  for (auto _ : state) benchmark::DoNotOptimize(key.token(address, 7, ++counter));
}
BENCHMARK(token);

void checksum(benchmark::State& state) {
  const std::vector<std::byte> bytes(static_cast<std::size_t>(state.range(0)), std::byte{0x5a});
  for (auto _ : state) benchmark::DoNotOptimize(sonde::wire::internet_checksum(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(checksum)->Arg(64)->Arg(1472);

void payload_check(benchmark::State& state) {
  std::array<std::byte, 56> payload{};
  sonde::wire::fill_payload(payload);
  for (auto _ : state) benchmark::DoNotOptimize(sonde::wire::payload_matches(payload));
}
BENCHMARK(payload_check);

// A timeout set and taken back, as every answered probe has it.
void timer_set_and_cancel(benchmark::State& state) {
  const sonde::MonotonicTime start{};
  sonde::engine::TimerWheel wheel(start);
  constexpr std::uint32_t timers = 65536;
  wheel.grow(timers);
  std::uint32_t next = 0;
  sonde::MonotonicTime now = start;
  for (auto _ : state) {
    wheel.set(next % timers, now + 1s);
    wheel.cancel((next - 1000) % timers);
    now += 5us;
    if (++next % 64 == 0) wheel.advance(now);
  }
}
BENCHMARK(timer_set_and_cancel);

// A timer that is met and set anew, as every interval has it.
void timer_set_and_meet(benchmark::State& state) {
  const sonde::MonotonicTime start{};
  sonde::engine::TimerWheel wheel(start);
  constexpr std::uint32_t timers = 65536;
  wheel.grow(timers);
  sonde::MonotonicTime now = start;
  for (std::uint32_t i = 0; i < timers; ++i) wheel.set(i, now + i * 15us);
  std::int64_t met = 0;
  for (auto _ : state) {
    now += 1ms;
    wheel.advance(now);
    while (const auto timer = wheel.pop_due()) {
      wheel.set(*timer, now + 1s);
      ++met;
    }
  }
  state.SetItemsProcessed(met);
}
BENCHMARK(timer_set_and_meet);

}  // namespace

BENCHMARK_MAIN();
