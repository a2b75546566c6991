// kernel_path_test.cpp: every span of every kind of socket says what the kernel does in it.
#include "explain/kernel_path.hpp"

#include <gmock/gmock.h>

#include "explain/example.hpp"

namespace sonde::explain::testing {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(KernelPath, IsKnownForEverySpanAndSocket) {
  for (const TransportKind kind :
       {TransportKind::icmp_datagram, TransportKind::icmp_raw, TransportKind::udp}) {
    for (const char* address : {"192.0.2.7", "2001:db8::7"}) {
      for (const EventKind verdict : {EventKind::reply, EventKind::error}) {
        Explanation example = answered_probe();
        example.transport = kind;
        example.address = *Address::parse(address);
        example.verdict = verdict;
        for (const Span& span : example.timeline.spans) {
          const KernelPath path = kernel_path(example, span);
          EXPECT_THAT(path.here, Not(IsEmpty())) << to_string(span.to) << " by " << to_string(kind);
          EXPECT_EQ(path.there.empty(), span.to != Instant::arrived);
        }
      }
    }
  }
}

TEST(KernelPath, NamesTheSocketsOwnFunctions) {
  Explanation example = answered_probe();
  const Span sending{Instant::send_called, Instant::scheduled, Nanoseconds(1)};
  const Span reading{Instant::poll_woke, Instant::receive_returned, Nanoseconds(1)};
  EXPECT_THAT(kernel_path(example, sending).here, Contains("ping_v4_sendmsg"));
  EXPECT_THAT(kernel_path(example, reading).here, Contains("ping_recvmsg"));
  example.transport = TransportKind::icmp_raw;
  EXPECT_THAT(kernel_path(example, sending).here, Contains("raw_sendmsg"));
  example.address = *Address::parse("2001:db8::7");
  EXPECT_THAT(kernel_path(example, sending).here, Contains("rawv6_sendmsg"));
  example.transport = TransportKind::udp;
  EXPECT_THAT(kernel_path(example, sending).here, Contains("udpv6_sendmsg"));
  EXPECT_THAT(kernel_path(example, reading).here, Contains("ipv6_recv_error")) << "its answers are errors";
}

TEST(KernelPath, PutsTheDeliveryWhereTheAnswerWasDelivered) {
  Explanation example = answered_probe();
  example.timeline = make_timeline(measurements({0, 8, 9, 30, 20, 35, 40}));
  const Span returning{Instant::arrived, Instant::send_returned, Nanoseconds(10)};
  const Span waking{Instant::send_returned, Instant::poll_woke, Nanoseconds(5)};
  EXPECT_THAT(kernel_path(example, returning).here, Contains("ping_rcv"));
  EXPECT_THAT(kernel_path(example, waking).here, Not(Contains("ping_rcv")));
}

}  // namespace
}  // namespace sonde::explain::testing
