// ip_options_test.cpp: the list of IPv4 options, whole and broken.
#include "wire/ip_options.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "wire/packet_bytes.hpp"

namespace sonde::wire {
namespace {

std::vector<std::pair<unsigned, std::size_t>> read(std::string_view bytes) {
  std::vector<std::pair<unsigned, std::size_t>> found;
  const auto options = test::hex(bytes);
  for_each_ip_option(options,
                     [&](const IpOption& option) { found.emplace_back(option.type, option.data.size()); });
  return found;
}

using Found = std::vector<std::pair<unsigned, std::size_t>>;

TEST(IpOptions, AreReadOneByOneWithoutPadding) {
  EXPECT_EQ(read("01 9404 0000 01 0707 08 0a000001 00"), (Found{{148, 2}, {7, 5}}));
}

TEST(IpOptions, EndWithTheList) {
  EXPECT_EQ(read("00 9404 0000"), Found{});
}

TEST(IpOptions, EndWithALengthThatCannotBe) {
  EXPECT_EQ(read("9404 0000 0701"), (Found{{148, 2}})) << "shorter than its own head";
  EXPECT_EQ(read("9404 0000 0709 04"), (Found{{148, 2}})) << "longer than the list";
  EXPECT_EQ(read("9404 0000 07"), (Found{{148, 2}})) << "no length at all";
}

}  // namespace
}  // namespace sonde::wire
