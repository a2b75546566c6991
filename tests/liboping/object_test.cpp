// The thirteen functions, with liboping's return values and quirks, against the simulated network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>

#include "lab/network.hpp"
#include "liboping/oping.h"

namespace sonde {
namespace {

using ::testing::HasSubstr;

struct Destroy {
  void operator()(pingobj_t* object) const { ping_destroy(object); }
};
using Object = std::unique_ptr<pingobj_t, Destroy>;

Object object_with(std::initializer_list<const char*> hosts, double timeout_s = 1) {
  Object object(ping_construct());
  EXPECT_EQ(ping_setopt(object.get(), PING_OPT_TIMEOUT, &timeout_s), 0);
  for (const char* host : hosts)
    EXPECT_EQ(ping_host_add(object.get(), host), 0) << ping_get_error(object.get());
  return object;
}

template <typename Value>
Value value_of(pingobj_iter_t* host, int info) {
  Value value{};
  std::size_t length = sizeof value;
  EXPECT_EQ(ping_iterator_get_info(host, info, &value, &length), 0);
  EXPECT_EQ(length, sizeof value);
  return value;
}

std::string text_of(pingobj_iter_t* host, int info) {
  std::array<char, 256> text{};
  std::size_t length = text.size();
  EXPECT_EQ(ping_iterator_get_info(host, info, text.data(), &length), 0);
  return text.data();
}

pingobj_iter_t* host_number(const Object& object, int number) {
  pingobj_iter_t* host = ping_iterator_get(object.get());
  for (; number > 0; --number) host = ping_iterator_next(host);
  return host;
}

double latency_of(pingobj_iter_t* host) {
  return value_of<double>(host, PING_INFO_LATENCY);
}

// This process in a simulated network, as an ordinary user would be: by ping sockets.
class Oping : public ::testing::Test {
 protected:
  void enter(std::string_view scenario) {
    network_ = std::make_unique<lab::SimulatedNetwork>(scenario);
    ASSERT_EQ(::setns(network_->space().place().network, CLONE_NEWNET), 0);
  }
  std::unique_ptr<lab::SimulatedNetwork> network_;
};

TEST_F(Oping, ARoundAsksEveryHostOnceAndCountsTheAnswers) {
  enter("host 10.77.0.1 fd77::1; delay 3ms\nhost 10.77.0.2; silence\n");
  const Object object = object_with({"10.77.0.1", "10.77.0.2", "fd77::1"}, 1);
  for (std::uint32_t round = 1; round <= 3; ++round) {
    ASSERT_EQ(ping_send(object.get()), 2) << ping_get_error(object.get());
    for (const int answering : {0, 2}) {
      pingobj_iter_t* host = host_number(object, answering);
      EXPECT_GE(latency_of(host), 3.0);
      EXPECT_LT(latency_of(host), 1000.0);
      EXPECT_EQ(value_of<unsigned>(host, PING_INFO_SEQUENCE), round);
      EXPECT_EQ(value_of<std::uint32_t>(host, PING_INFO_DROPPED), 0u);
      EXPECT_EQ(value_of<int>(host, PING_INFO_RECV_TTL), 64);
    }
    pingobj_iter_t* silent = host_number(object, 1);
    EXPECT_EQ(latency_of(silent), -1.0);
    EXPECT_EQ(value_of<std::uint32_t>(silent, PING_INFO_DROPPED), round);
    EXPECT_EQ(value_of<int>(silent, PING_INFO_RECV_TTL), -1);
  }
}

TEST_F(Oping, AnAnswerThatComesAfterItsRoundIsNoAnswer) {
  enter("host 10.77.0.1; delay 250ms\n");
  const Object object = object_with({"10.77.0.1"}, 0.1);
  for (int round = 0; round < 4; ++round) EXPECT_EQ(ping_send(object.get()), 0);
  EXPECT_EQ(value_of<std::uint32_t>(host_number(object, 0), PING_INFO_DROPPED), 4u);
}

TEST_F(Oping, AnswersFromElsewhereAndForgedOnesAreNobodys) {
  enter("host 10.77.0.1; delay 3s; forged 20 before 2900ms\nhost 10.77.0.2; delay 5ms\n");
  const Object object = object_with({"10.77.0.1", "10.77.0.2"}, 1);
  EXPECT_EQ(ping_send(object.get()), 1);
  EXPECT_EQ(latency_of(host_number(object, 0)), -1.0);
}

// What makes liboping give one host's answer to another, at a thousand hosts nearly always: identifiers by chance.
TEST_F(Oping, OfAThousandHostsEachHasItsOwnAnswer) {
  std::string scenario = "host 10.77.0.0/16; delay 1ms\n";
  for (int silent = 0; silent < 1000; silent += 7) {
    scenario +=
        "host 10.77." + std::to_string(silent / 250) + "." + std::to_string(silent % 250 + 1) + "; silence\n";
  }
  enter(scenario);
  const Object object = object_with({}, 2);
  for (int host = 0; host < 1000; ++host) {
    const std::string name = "10.77." + std::to_string(host / 250) + "." + std::to_string(host % 250 + 1);
    ASSERT_EQ(ping_host_add(object.get(), name.c_str()), 0);
  }
  EXPECT_EQ(ping_iterator_count(object.get()), 1000);
  EXPECT_EQ(ping_send(object.get()), 1000 - 143);
  int number = 0;
  for (pingobj_iter_t* host = ping_iterator_get(object.get()); host != nullptr;
       host = ping_iterator_next(host)) {
    EXPECT_EQ(latency_of(host) < 0, number % 7 == 0) << text_of(host, PING_INFO_ADDRESS);
    ++number;
  }
}

// As collectd does it: a host that no longer answers is taken out and put in again while it goes through the list.
TEST_F(Oping, TheHostAtTheIteratorMayBeRemovedAndAddedAgain) {
  enter("host 10.77.0.1; delay 1ms\n");
  const Object object = object_with({"10.77.0.1", "10.77.0.2", "10.77.0.3"}, 1);
  ASSERT_EQ(ping_send(object.get()), 1);
  std::vector<std::string> seen;
  int steps = 0;
  for (pingobj_iter_t* host = ping_iterator_get(object.get()); host != nullptr && steps < 10;
       host = ping_iterator_next(host), ++steps) {
    const std::string name = text_of(host, PING_INFO_USERNAME);
    seen.push_back(name);
    if (name != "10.77.0.2" || steps > 1) continue;
    ASSERT_EQ(ping_host_remove(object.get(), name.c_str()), 0);
    ASSERT_EQ(ping_host_add(object.get(), name.c_str()), 0);
    ASSERT_EQ(ping_host_remove(object.get(), "10.77.0.3"), 0) << "the one behind, too";
    ASSERT_EQ(ping_host_add(object.get(), "10.77.0.3"), 0);
  }
  EXPECT_THAT(seen, ::testing::ElementsAre("10.77.0.1", "10.77.0.2", "10.77.0.2", "10.77.0.3"));
  EXPECT_EQ(ping_iterator_count(object.get()), 3);
  EXPECT_EQ(ping_send(object.get()), 1);
}

TEST_F(Oping, WithoutARouteAHostIsSilentAndTheOthersAreAsked) {
  enter("host 10.77.0.1; delay 1ms\n");
  network_->space().ip("route add unreachable 198.51.100.0/24\n");
  const Object object = object_with({"198.51.100.7", "10.77.0.1"}, 1);
  EXPECT_EQ(ping_send(object.get()), 1);
  EXPECT_EQ(latency_of(host_number(object, 0)), -1.0);
}

TEST_F(Oping, WhatTheSystemRefusesToSendIsCountedBelowZero) {
  enter("host 10.77.0.1; delay 1ms\n");
  network_->space().nft(
      "table inet lab { chain out { type filter hook output priority 0; icmp type echo-request drop; }; }");
  const Object object = object_with({"10.77.0.1", "10.77.0.2"}, 1);
  EXPECT_EQ(ping_send(object.get()), -2);
  EXPECT_THAT(ping_get_error(object.get()), HasSubstr("Operation not permitted"));
}

TEST_F(Oping, WhatIsSentIsTheDataBehindTheTokenWithTtlAndTos) {
  enter("host 10.77.0.1; delay 1ms\n");
  const Object object = object_with({}, 5);
  std::string data = "0123456789abcdef";
  int ttl = 9;
  std::uint8_t qos = 0x28;
  EXPECT_EQ(ping_setopt(object.get(), PING_OPT_DATA, data.data()), 0);
  EXPECT_EQ(ping_setopt(object.get(), PING_OPT_TTL, &ttl), 0);
  EXPECT_EQ(ping_setopt(object.get(), PING_OPT_QOS, &qos), 0);
  ASSERT_EQ(ping_host_add(object.get(), "10.77.0.1"), 0);
  EXPECT_EQ(ping_send(object.get()), 1);
  std::size_t length = 0;
  EXPECT_EQ(ping_iterator_get_info(host_number(object, 0), PING_INFO_DATA, nullptr, &length), ENOMEM);
  EXPECT_EQ(length, data.size());
}

TEST(OpingValues, OptionsAreCheckedAsLibopingDoes) {
  const Object object = object_with({});
  int number = 0;
  EXPECT_EQ(ping_setopt(object.get(), PING_OPT_TTL, &number), -1);
  number = 256;
  EXPECT_EQ(ping_setopt(object.get(), PING_OPT_TTL, &number), -1);
  number = 17;
  EXPECT_EQ(ping_setopt(object.get(), PING_OPT_AF, &number), -1);
  EXPECT_EQ(ping_setopt(object.get(), 0x4000, &number), -2);
  EXPECT_EQ(ping_setopt(object.get(), PING_OPT_TTL, nullptr), -1);
  EXPECT_EQ(ping_setopt(nullptr, PING_OPT_TTL, &number), -1);
  double timeout = -1;
  EXPECT_EQ(ping_setopt(object.get(), PING_OPT_TIMEOUT, &timeout), -1);
  std::string name = "192.0.2.300";
  EXPECT_EQ(ping_setopt(object.get(), PING_OPT_SOURCE, name.data()), -1);
  EXPECT_STRNE(ping_get_error(object.get()), "");
}

TEST(OpingValues, HostsAreKnownByNameWhateverItsCase) {
  const Object object = object_with({"localhost", "LOCALHOST"});
  EXPECT_EQ(ping_iterator_count(object.get()), 1);
  EXPECT_EQ(ping_host_remove(object.get(), "LocalHost"), 0);
  EXPECT_EQ(ping_iterator_get(object.get()), nullptr);
  EXPECT_EQ(ping_host_remove(object.get(), "localhost"), -1);
  EXPECT_STREQ(ping_get_error(object.get()), "ping_host_remove: Host not found");
}

TEST(OpingValues, ANameWithoutAddressHasTheResolversWords) {
  const Object object = object_with({});
  EXPECT_EQ(ping_host_add(object.get(), "192.0.2.300."), -1);
  EXPECT_THAT(ping_get_error(object.get()), ::testing::StartsWith("getaddrinfo: "));
}

TEST(OpingValues, WithoutHostsThereIsNothingToSend) {
  const Object object = object_with({});
  EXPECT_EQ(ping_send(object.get()), -1);
  EXPECT_STREQ(ping_get_error(object.get()), "ping_send: No hosts to ping");
}

TEST(OpingValues, NothingIsAskedOfNothing) {
  ping_destroy(nullptr);
  EXPECT_EQ(ping_send(nullptr), -1);
  EXPECT_EQ(ping_host_add(nullptr, "localhost"), -1);
  EXPECT_EQ(ping_iterator_get(nullptr), nullptr);
  EXPECT_EQ(ping_iterator_next(nullptr), nullptr);
  EXPECT_EQ(ping_iterator_count(nullptr), 0);
  EXPECT_EQ(ping_iterator_get_context(nullptr), nullptr);
  ping_iterator_set_context(nullptr, nullptr);
  EXPECT_EQ(ping_get_error(nullptr), nullptr);
  std::size_t length = 0;
  EXPECT_EQ(ping_iterator_get_info(nullptr, PING_INFO_FAMILY, nullptr, &length), -1);
}

TEST(OpingValues, InfoSaysHowMuchRoomItTakes) {
  const Object object = object_with({"127.0.0.1"});
  pingobj_iter_t* host = ping_iterator_get(object.get());
  std::array<char, 32> room{};
  std::size_t length = 9;  // the name's length
  EXPECT_EQ(ping_iterator_get_info(host, PING_INFO_HOSTNAME, room.data(), &length), ENOMEM);
  EXPECT_EQ(length, 10u);
  EXPECT_EQ(ping_iterator_get_info(host, PING_INFO_HOSTNAME, room.data(), &length), 0);
  length = 10;
  EXPECT_EQ(ping_iterator_get_info(host, PING_INFO_USERNAME, room.data(), &length), ENOMEM)
      << "one more, as ever";
  length = 11;
  EXPECT_EQ(ping_iterator_get_info(host, PING_INFO_USERNAME, room.data(), &length), 0);
  length = 2;
  EXPECT_EQ(ping_iterator_get_info(host, PING_INFO_LATENCY, room.data(), &length), ENOMEM);
  EXPECT_EQ(length, sizeof(double));
  EXPECT_EQ(ping_iterator_get_info(host, 77, room.data(), &length), EINVAL);
  EXPECT_EQ(ping_iterator_get_info(host, PING_INFO_FAMILY, nullptr, &length), -1);
  length = 1;
  EXPECT_EQ(ping_iterator_get_info(host, PING_INFO_RECV_QOS, room.data(), &length), 0);
}

TEST(OpingValues, AContextStaysWithItsHost) {
  const Object object = object_with({"127.0.0.1"});
  int anything = 0;
  ping_iterator_set_context(ping_iterator_get(object.get()), &anything);
  EXPECT_EQ(ping_iterator_get_context(ping_iterator_get(object.get())), &anything);
}

}  // namespace
}  // namespace sonde
