// kernel_path.cpp: see kernel_path.hpp.
#include "explain/kernel_path.hpp"

#include <algorithm>
#include <initializer_list>

namespace sonde::explain {
namespace {

using Names = std::vector<std::string_view>;

// What the names depend on.
struct Setting {
  Family family;
  TransportKind kind;
  bool error;  // the answer is an ICMP error; by UDP every answer is

  bool ipv4() const { return family == Family::ipv4; }
  bool raw() const { return kind == TransportKind::icmp_raw; }
  bool udp() const { return kind == TransportKind::udp; }
};

Names& operator+=(Names& names, std::initializer_list<std::string_view> more) {
  names.insert(names.end(), more);
  return names;
}

// From the system call to the queueing discipline.
Names composing(const Setting& setting) {
  Names names{"__sys_sendmmsg"};
  if (setting.udp()) {
    if (setting.ipv4()) {
      names += {"inet_sendmsg", "udp_sendmsg", "ip_route_output_flow", "ip_make_skb", "udp_send_skb"};
    } else {
      names +=
          {"inet6_sendmsg", "udpv6_sendmsg", "ip6_sk_dst_lookup_flow", "ip6_make_skb", "udp_v6_send_skb"};
    }
  } else if (setting.ipv4()) {
    names += {"inet_sendmsg", setting.raw() ? "raw_sendmsg" : "ping_v4_sendmsg", "ip_route_output_flow",
              "ip_append_data", "ip_push_pending_frames"};
  } else if (setting.raw()) {
    names += {"inet_sendmsg", "rawv6_sendmsg", "ip6_dst_lookup_flow", "ip6_append_data",
              "ip6_push_pending_frames"};
  } else {
    names += {"inet_sendmsg", "ping_v6_sendmsg", "ip6_sk_dst_lookup_flow", "ip6_append_data",
              "icmpv6_push_pending_frames"};
  }
  if (setting.ipv4()) {
    names += {"ip_send_skb", "ip_local_out", "ip_output", "ip_finish_output2", "neigh_output"};
  } else {
    names += {"ip6_send_skb", "ip6_local_out", "ip6_output", "ip6_finish_output2", "neigh_output"};
  }
  return names += {"__dev_queue_xmit"};
}

// What the far end does between taking the probe from its device and handing the answer to it.
Names answering(const Setting& setting) {
  if (setting.ipv4()) {
    if (setting.udp())
      return {"ip_rcv", "ip_local_deliver", "udp_rcv", "__icmp_send", "icmp_push_reply", "__dev_queue_xmit"};
    if (setting.error) return {"ip_rcv", "ip_forward", "__icmp_send", "icmp_push_reply", "__dev_queue_xmit"};
    return {"ip_rcv",     "ip_local_deliver", "icmp_rcv",        "icmp_echo",
            "icmp_reply", "icmp_push_reply",  "__dev_queue_xmit"};
  }
  if (setting.udp())
    return {"ipv6_rcv",        "ip6_input", "udpv6_rcv", "icmp6_send", "icmpv6_push_pending_frames",
            "__dev_queue_xmit"};
  if (setting.error)
    return {"ipv6_rcv", "ip6_forward", "icmp6_send", "icmpv6_push_pending_frames", "__dev_queue_xmit"};
  return {"ipv6_rcv",        "ip6_input", "icmpv6_rcv", "icmpv6_echo_reply", "icmpv6_push_pending_frames",
          "__dev_queue_xmit"};
}

// From the device's packet to the socket's queue, and the wake-up of who waits on it.
Names delivering(const Setting& setting) {
  Names names;
  if (setting.ipv4()) {
    names += {"ip_rcv", "ip_local_deliver"};
  } else {
    names += {"ipv6_rcv", "ip6_input"};
  }
  if (setting.raw()) {
    names += {setting.ipv4() ? "raw_local_deliver" : "raw6_local_deliver",
              setting.ipv4() ? "raw_rcv" : "rawv6_rcv", "sock_queue_rcv_skb_reason", "sock_def_readable"};
  } else if (setting.error || setting.udp()) {
    if (setting.ipv4()) {
      names += {"icmp_rcv", "icmp_unreach", setting.udp() ? "udp_err" : "ping_err", "ip_icmp_error"};
    } else {
      names += {"icmpv6_rcv", "icmpv6_notify", setting.udp() ? "udpv6_err" : "ping_err", "ipv6_icmp_error"};
    }
    names += {"sock_queue_err_skb", "sock_def_error_report"};
  } else {
    names += {setting.ipv4() ? "icmp_rcv" : "icmpv6_rcv", "ping_rcv", "ping_queue_rcv_skb",
              "sock_queue_rcv_skb_reason", "sock_def_readable"};
  }
  return names += {"try_to_wake_up"};
}

// The call that hands the answer over.
Names reading(const Setting& setting) {
  Names names{"__sys_recvmmsg"};
  const bool off_error_queue = setting.udp() || (setting.error && !setting.raw());
  if (setting.udp()) {
    names += {setting.ipv4() ? "udp_recvmsg" : "udpv6_recvmsg"};
  } else if (setting.raw()) {
    names += {setting.ipv4() ? "raw_recvmsg" : "rawv6_recvmsg"};
  } else {
    names += {"ping_recvmsg"};
  }
  if (off_error_queue) {
    names += {setting.ipv4() ? "ip_recv_error" : "ipv6_recv_error"};
  } else {
    names += {"skb_recv_datagram"};
  }
  return names += {"skb_copy_datagram_iter", "__sock_recv_timestamp"};
}

// Whether the packet was there when the span began: the process is not what it waits for.
bool passed(const Explanation& explanation, Instant instant, Instant from) {
  const auto at = explanation.timeline.at(instant);
  const auto begin = explanation.timeline.at(from);
  return at && begin && *at <= *begin;
}

}  // namespace

KernelPath kernel_path(const Explanation& explanation, const Span& span) {
  const Setting setting{explanation.address.family(), explanation.transport,
                        explanation.verdict == EventKind::error};
  switch (span.to) {
    case Instant::send_called:
      return {};
    case Instant::scheduled:
      return {composing(setting),
              {},
              "netfilter's output and postrouting hooks; ARP or neighbour discovery, if needed"};
    case Instant::sent:
      return {{"sch_direct_xmit", "dev_hard_start_xmit", "skb_tstamp_tx"},
              {},
              "waiting in the queueing discipline, if it queues; the driver"};
    case Instant::arrived:
      return {{"netif_receive_skb"}, answering(setting), "the network, both ways, and the far end"};
    case Instant::send_returned:
      if (passed(explanation, Instant::arrived, span.from))
        return {
            delivering(setting), {}, "the answer is delivered within the call, by the softirq at its end"};
      return {{"__local_bh_enable_ip"}, {}, "the driver's end of it, and the way back out of the call"};
    case Instant::poll_woke:
      if (passed(explanation, Instant::send_returned, span.from) &&
          passed(explanation, Instant::arrived, span.from) && span.from == Instant::send_returned)
        return {{"do_sys_poll"}, {}, "the answer is there already"};
      return {delivering(setting), {}, "the scheduler brings sonde back to a processor"};
    case Instant::receive_returned:
      return {reading(setting), {}, {}};
  }
  return {};
}

}  // namespace sonde::explain
