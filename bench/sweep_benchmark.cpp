// sweep_benchmark.cpp: what a sweep does for each address before anything is sent, and what loading a hitlist costs.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "sweep/answer_set.hpp"
#include "sweep/permutation.hpp"
#include "sweep/proof.hpp"
#include "sweep/target_space.hpp"

namespace sonde::sweep {
namespace {

TargetSpace space_of(const char* targets, bool special) {
  TargetSpaceBuilder builder;
  builder.add(AddressRange::parse(targets).value());
  if (special) builder.allow_special();
  return builder.build().value().space;
}

// Counter to address: the order and the look-up.
void generate(benchmark::State& state, const char* targets, bool special) {
  const TargetSpace space = space_of(targets, special);
  const Permutation order(space.size(), 7);
  std::uint64_t counter = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(space.at(order(counter)));
    if (++counter == space.size()) counter = 0;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(generate, ipv4_24, "10.9.8.0/24", true);
BENCHMARK_CAPTURE(generate, ipv4_8, "10.0.0.0/8", true);
BENCHMARK_CAPTURE(generate, internet, "0.0.0.0/0", false);
BENCHMARK_CAPTURE(generate, ipv6_80, "2600::/80", true);

// What finds an address by its number alone, of an answer.
void permute(benchmark::State& state) {
  const Permutation order(std::uint64_t{1} << 24, 7);
  std::uint64_t counter = 0;
  for (auto _ : state) benchmark::DoNotOptimize(order(++counter & 0xffffff));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(permute);

void proof_written(benchmark::State& state) {
  const Proof proof({});
  std::array<std::byte, 56> payload{};
  ProbeNumbers numbers;
  for (auto _ : state) {
    ++numbers.index;
    const Address address = Address::ipv4(static_cast<std::uint32_t>(numbers.index));
    proof.write(payload, address, numbers);
    benchmark::DoNotOptimize(payload);
    benchmark::DoNotOptimize(proof.sequence(address));
  }
}
BENCHMARK(proof_written);

void answer_noted(benchmark::State& state) {
  AnswerSet answers = AnswerSet::make(std::uint64_t{1} << 24).value();
  std::uint64_t index = 0;
  for (auto _ : state) benchmark::DoNotOptimize(answers.test_and_set(++index * 0x9e3779b1 & 0xffffff));
}
BENCHMARK(answer_noted);

// Hitlists of as many lines as they are measured with, made once and gone at the end.
class Hitlists {
 public:
  ~Hitlists() {
    std::error_code ignored;
    std::filesystem::remove(ipv4_, ignored);
    std::filesystem::remove(ipv6_, ignored);
  }
  const std::string& path(Family family) {
    std::string& path = family == Family::ipv4 ? ipv4_ : ipv6_;
    if (path.empty()) {
      path = (std::filesystem::temp_directory_path() /
              ("sonde-hitlist-" + std::to_string(std::random_device{}())))
                 .string();
      write(path, family);
    }
    return path;
  }
  static constexpr int lines = 10'000'000;

 private:
  static void write(const std::string& path, Family family) {
    std::ofstream file(path);
    std::mt19937_64 random(1);
    for (int line = 0; line < lines; ++line) {
      if (family == Family::ipv4) {
        file << Address::ipv4(static_cast<std::uint32_t>(random())).to_string() << '\n';
        continue;
      }
      // 65,536 prefixes; half of the addresses are low ones, half have a random interface identifier.
      const auto prefix = static_cast<std::uint32_t>(random() & 0xffff);
      const std::uint64_t identifier = random() % 2 == 0 ? random() % 256 : random();
      std::array<std::byte, 16> bytes{std::byte{0x26}, std::byte{0x00}};
      bytes[4] = static_cast<std::byte>(prefix >> 8);
      bytes[5] = static_cast<std::byte>(prefix & 0xff);
      for (std::size_t i = 0; i < 8; ++i)
        bytes[8 + i] = static_cast<std::byte>(identifier >> (56 - 8 * i) & 0xff);
      file << Address::ipv6(bytes).to_string() << '\n';
    }
  }

  std::string ipv4_, ipv6_;
};

void load_hitlist(benchmark::State& state, Family family) {
  static Hitlists hitlists;
  const std::string& path = hitlists.path(family);
  for (auto _ : state) {
    TargetSpaceBuilder builder;
    if (!builder.add_file(path)) state.SkipWithError("cannot read the hitlist");
    benchmark::DoNotOptimize(builder.build().value().space.size());
  }
  state.SetItemsProcessed(state.iterations() * Hitlists::lines);
}
BENCHMARK_CAPTURE(load_hitlist, ipv4, Family::ipv4)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(3)
    ->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(load_hitlist, ipv6, Family::ipv6)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(3)
    ->MeasureProcessCPUTime();

}  // namespace
}  // namespace sonde::sweep
