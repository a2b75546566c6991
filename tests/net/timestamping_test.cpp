// timestamping_test.cpp: kernel stamps on ICMP sockets, and their numbers.
#include "net/timestamping.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/network_namespace.hpp"
#include "net/ping_socket.hpp"
#include "sonde/time.hpp"

namespace sonde::net::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimestampingOptions all_stamps{.transmit = true, .receive = true, .number_sends = true};

class Timestamping : public ::testing::TestWithParam<Family> {};
INSTANTIATE_TEST_SUITE_P(Family, Timestamping, ::testing::ValuesIn(both_families()), family_name);

TEST_P(Timestamping, StampsWhatAnUnprivilegedPingSocketSendsAndReceives) {
  in_network_namespace([family = GetParam()] {
    drop_privileges();
    PingSocket socket(family);
    ASSERT_TRUE(enable_timestamping(socket.fd(), all_stamps));
    ASSERT_TRUE(await_receive_stamps(std::chrono::seconds(5)));
    const UnixTime before = Clock::system().unix_time();
    ASSERT_EQ(socket.send(Address::loopback(family), 1), 0);
    const auto stamp = socket.receive_error();
    const auto reply = socket.receive();
    ASSERT_TRUE(stamp && reply);
    ASSERT_TRUE(stamp->control.error && stamp->control.software_stamp && reply->control.software_stamp);
    EXPECT_TRUE(stamp->control.error->is_send_stamp());
    EXPECT_EQ(stamp->control.error->data, 0U);
    EXPECT_THAT(stamp->bytes, IsEmpty());  // the probe's bytes do not come back with the stamp
    EXPECT_LE(before, *stamp->control.software_stamp);
    EXPECT_LE(*stamp->control.software_stamp, *reply->control.software_stamp);
    EXPECT_LE(*reply->control.software_stamp, Clock::system().unix_time());
  });
}

TEST_P(Timestamping, WorksOnRawSockets) {
  in_network_namespace([family = GetParam()] {
    PingSocket socket(family, SOCK_RAW);
    ASSERT_TRUE(enable_timestamping(socket.fd(), all_stamps));
    ASSERT_TRUE(await_receive_stamps(std::chrono::seconds(5)));
    for (std::uint16_t i = 0; i < 3; ++i) ASSERT_EQ(socket.send(Address::loopback(family), i), 0);
    EXPECT_THAT(socket.stamp_numbers(), ElementsAre(0, 1, 2));
    const auto packet = socket.receive();
    ASSERT_TRUE(packet);
    EXPECT_TRUE(packet->control.software_stamp);
  });
}

TEST_P(Timestamping, NumbersStartAgainOnDemand) {
  in_network_namespace([family = GetParam()] {
    PingSocket socket(family);
    ASSERT_TRUE(enable_timestamping(socket.fd(), all_stamps));
    for (std::uint16_t i = 0; i < 3; ++i) ASSERT_EQ(socket.send(Address::loopback(family), i), 0);
    EXPECT_THAT(socket.stamp_numbers(), ElementsAre(0, 1, 2));
    ASSERT_TRUE(restart_send_numbers(socket.fd(), all_stamps));
    for (std::uint16_t i = 0; i < 2; ++i) ASSERT_EQ(socket.send(Address::loopback(family), i), 0);
    EXPECT_THAT(socket.stamp_numbers(), ElementsAre(0, 1));
  });
}

TEST_P(Timestamping, SamplesOnlyTheSendsThatAsk) {
  in_network_namespace([family = GetParam()] {
    PingSocket socket(family);
    ASSERT_TRUE(enable_timestamping(socket.fd(), {.transmit_on_request = true, .number_sends = true}));
    ControlBuffer<64> request;
    request.add_stamp_request();
    for (std::uint16_t i = 0; i < 6; ++i) {
      const auto control = i % 3 == 2 ? request.bytes() : std::span<const std::byte>();
      ASSERT_EQ(socket.send(Address::loopback(family), i, 56, control), 0);
    }
    // The kernel's counter goes by sends with a request, not by sends.
    EXPECT_THAT(socket.stamp_numbers(), ElementsAre(0, 1));
  });
}

TEST_P(Timestamping, CarriesTheCallersNumbersWhereTheKernelTakesThem) {
  if (!kernel_takes_send_numbers()) GTEST_SKIP() << "needs Linux 6.13";
  in_network_namespace([family = GetParam()] {
    drop_privileges();
    PingSocket socket(family);
    ASSERT_TRUE(enable_timestamping(socket.fd(), all_stamps));
    ControlBuffer<64> control;
    const std::size_t number_at = control.add_send_number(0);
    for (const std::uint32_t number : {7U, 4'000'000'000U, 0U}) {
      control.overwrite(number_at, number);
      ASSERT_EQ(socket.send(Address::loopback(family), 1, 56, control.bytes()), 0);
    }
    EXPECT_THAT(socket.stamp_numbers(), ElementsAre(7, 4'000'000'000U, 0));
  });
}

TEST_P(Timestamping, SamplesAndCarriesNumbersTogether) {
  if (!kernel_takes_send_numbers()) GTEST_SKIP() << "needs Linux 6.13";
  in_network_namespace([family = GetParam()] {
    PingSocket socket(family);
    ASSERT_TRUE(enable_timestamping(socket.fd(), {.transmit_on_request = true, .number_sends = true}));
    for (std::uint32_t number = 0; number < 4; ++number) {
      ControlBuffer<64> control;
      control.add_send_number(100 + number);
      if (number % 2 == 1) control.add_stamp_request();
      ASSERT_EQ(socket.send(Address::loopback(family), 1, 56, control.bytes()), 0);
    }
    EXPECT_THAT(socket.stamp_numbers(), ElementsAre(101, 103));
  });
}

TEST_P(Timestamping, OffMeansNoStamps) {
  in_network_namespace([family = GetParam()] {
    PingSocket socket(family);
    ASSERT_TRUE(enable_timestamping(socket.fd(), all_stamps));
    ASSERT_TRUE(enable_timestamping(socket.fd(), {}));
    ASSERT_EQ(socket.send(Address::loopback(family), 1), 0);
    const auto reply = socket.receive();
    ASSERT_TRUE(reply);
    EXPECT_FALSE(reply->control.software_stamp);
    EXPECT_THAT(socket.stamp_numbers(), IsEmpty());
  });
}

TEST_P(Timestamping, AskingForHardwareKeepsTheSoftwareStamps) {
  in_network_namespace([family = GetParam()] {
    PingSocket socket(family);
    TimestampingOptions options = all_stamps;
    options.hardware = true;
    ASSERT_TRUE(enable_timestamping(socket.fd(), options));
    ASSERT_TRUE(await_receive_stamps(std::chrono::seconds(5)));
    ASSERT_EQ(socket.send(Address::loopback(family), 1), 0);
    EXPECT_THAT(socket.stamp_numbers(), ElementsAre(0));
    const auto reply = socket.receive();
    ASSERT_TRUE(reply);
    EXPECT_TRUE(reply->control.software_stamp);
    EXPECT_FALSE(reply->control.hardware_stamp);
  });
}

TEST(Timestamping, AwaitingReceiveStampsGivesUpWithoutALoopbackDevice) {
  in_network_namespace([] {
    run("ip link set lo down");
    EXPECT_FALSE(await_receive_stamps(std::chrono::milliseconds(5)));
  });
}

TEST(Timestamping, FailsOnWhatIsNoSocket) {
  const auto enabled = enable_timestamping(-1, all_stamps);
  ASSERT_FALSE(enabled);
  EXPECT_NE(enabled.error().message().find("EBADF"), std::string::npos);
}

TEST(DeviceTimestamping, KnowsThatLoopbackHasNoHardwareStamps) {
  const auto device = device_timestamping("lo");
  ASSERT_TRUE(device) << device.error().message();
  EXPECT_TRUE(device->transmit_software);
  EXPECT_FALSE(device->transmit_hardware);
  EXPECT_FALSE(device->receive_hardware_all);
}

TEST(DeviceTimestamping, NamesAnUnknownInterface) {
  for (const char* name : {"nosuch0", "", "averylongnameofanetworkdevice"}) {
    const auto device = device_timestamping(name);
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().code, ErrorCode::not_found);
  }
}

TEST(DeviceTimestamping, IsRefusedOrUnavailableOnLoopback) {
  in_network_namespace([] {
    const auto enabled = enable_device_timestamping("lo");
    ASSERT_FALSE(enabled);
    EXPECT_EQ(enabled.error().subject, "lo");
  });
}

}  // namespace
}  // namespace sonde::net::testing
