// oracle_test.cpp: a sweep covers what zmap and masscan say they would cover. Nothing is sent: both only list.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>

#include "resolve/scratch_file.hpp"
#include "sweep/permutation.hpp"
#include "sweep/space_model.hpp"
#include "sweep/target_space.hpp"

namespace sonde::sweep {
namespace {

std::string output_of(const std::string& command) {
  struct Close {
    void operator()(std::FILE* pipe) const { ::pclose(pipe); }
  };
  // zmap is where an ordinary user's PATH may not look.
  const std::string line = "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; " + command + " 2>/dev/null";
  const std::unique_ptr<std::FILE, Close> pipe(::popen(line.c_str(), "r"));
  std::string output;
  std::array<char, 4096> piece{};
  while (const std::size_t length = std::fread(piece.data(), 1, piece.size(), pipe.get())) {
    output.append(piece.data(), length);
  }
  return output;
}

bool is_installed(const std::string& program) {
  return !output_of("command -v " + program).empty();
}

using Set = std::multiset<Address>;

// The addresses of our own sweep of the same, in as many shards.
Set ours(const std::string& targets, const std::string& exclusions, std::uint64_t shards = 1) {
  const test::ScratchFile excluded(exclusions);
  TargetSpaceBuilder builder;
  builder.allow_special();
  builder.add(range(targets));
  EXPECT_EQ(builder.exclude_file(excluded.path())->bad_lines, 0U);
  const TargetSpace space = builder.build()->space;
  const Permutation order(space.size(), 7);
  Set set;
  for (Shard shard{0, shards}; shard.number < shards; ++shard.number) {
    for (std::uint64_t i = 0; i < shard.size_of(space.size()); ++i)
      set.insert(space.at(order(shard.counter(i))));
  }
  return set;
}

Set masscan(const std::string& targets, const std::string& exclusions) {
  const test::ScratchFile excluded(exclusions);
  const std::string with = exclusions.empty() ? "" : " --excludefile " + excluded.path();
  std::istringstream output(output_of("timeout 30 masscan -sL --seed 7 " + targets + with));
  Set set;
  for (std::string line; std::getline(output, line);) {
    if (const auto address = Address::parse(line)) set.insert(*address);
  }
  return set;
}

Set zmap(const std::string& targets, const std::string& exclusions) {
  const test::ScratchFile excluded(exclusions);
  // Without interface, gateway and source it would ask the network for them.
  std::istringstream output(
      output_of("timeout 30 zmap -M icmp_echoscan --dryrun -i lo -G 02:00:00:00:00:01 -S 192.0.2.1"
                " -c 0 --seed 7 -b " +
                excluded.path() + " " + targets));
  Set set;
  for (std::string word; output >> word;) {
    if (word != "daddr:" || !(output >> word)) continue;
    if (const auto address = Address::parse(word)) set.insert(*address);
  }
  return set;
}

const std::string exclusions =
    "# what asked to be left alone\n"
    "10.9.8.0/29\n"
    "10.9.8.77  # one\n"
    "\n"
    "10.9.8.128/26\n"
    "10.9.8.130\n"
    "10.200.0.0/16\n";

TEST(Oracle, MasscanCoversTheSamePrefix) {
  if (!is_installed("masscan")) GTEST_SKIP() << "masscan is not installed";
  EXPECT_EQ(ours("10.9.8.0/24", ""), masscan("10.9.8.0/24", ""));
  EXPECT_EQ(ours("10.8.0.0/16", "", 3), masscan("10.8.0.0/16", ""));
}

TEST(Oracle, MasscanCoversTheSameRange) {
  if (!is_installed("masscan")) GTEST_SKIP() << "masscan is not installed";
  EXPECT_EQ(ours("10.9.8.250-10.9.11.3", ""), masscan("10.9.8.250-10.9.11.3", ""));
}

TEST(Oracle, MasscanCoversTheSameIpv6Prefix) {
  if (!is_installed("masscan")) GTEST_SKIP() << "masscan is not installed";
  EXPECT_EQ(ours("2001:db8::4500/120", ""), masscan("2001:db8::4500/120", ""));
}

TEST(Oracle, MasscanReadsTheSameOutOfAnExcludeFile) {
  if (!is_installed("masscan")) GTEST_SKIP() << "masscan is not installed";
  // Not among them: of "10.9.8.16 - 10.9.8.18" masscan takes the first address alone, and the rest for a comment.
  const std::string ranges =
      exclusions + "10.9.8.90-10.9.8.99,10.9.8.101 10.9.8.103\n; a comment too\n// and this\n";
  EXPECT_EQ(ours("10.9.8.0/24", ranges), masscan("10.9.8.0/24", ranges));
}

TEST(Oracle, ZmapCoversTheSamePrefix) {
  if (!is_installed("zmap")) GTEST_SKIP() << "zmap is not installed";
  EXPECT_EQ(ours("10.9.8.0/28", ""), zmap("10.9.8.0/28", ""));
  EXPECT_EQ(ours("10.9.8.0/22", "", 5), zmap("10.9.8.0/22", ""));
}

TEST(Oracle, ZmapReadsTheSameOutOfABlocklist) {
  if (!is_installed("zmap")) GTEST_SKIP() << "zmap is not installed";
  EXPECT_EQ(ours("10.9.8.0/24", exclusions), zmap("10.9.8.0/24", exclusions));
}

}  // namespace
}  // namespace sonde::sweep
