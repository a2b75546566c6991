// answers.bpf.c: hands echo replies that are a transport's own straight to its AF_XDP socket, with the time they came.
//
// Runs on every packet that the device receives. A reply with the identifier of the socket that is bound to this receive queue
// is taken out of the kernel's way, and the eight bytes before it tell when (CLOCK_MONOTONIC). Whatever else comes,
// ICMP errors, fragments, packets with options, replies to others or on other queues, goes on to the stack, where the
// transport's raw socket gets what is its own.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

enum { most_queues = 64, is_bound = 1 << 16, icmp_echo_reply = 0, icmpv6_echo_reply = 129 };

// The start of an ICMP message, the same in both families (<linux/icmp.h> drags in the C library).
struct echo_header {
  __u8 type;
  __u8 code;
  __u16 checksum;
  __u16 identifier;
  __u16 sequence;
};

struct {
  __uint(type, BPF_MAP_TYPE_XSKMAP);
  __uint(max_entries, most_queues);
  __type(key, __u32);  // receive queue
  __type(value, __u32);
} sockets SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, most_queues);
  __type(key, __u32);    // receive queue
  __type(value, __u32);  // the identifier of its socket, with `is_bound`; 0: it has none
} identifiers SEC(".maps");

// The identifier of an echo reply in host order; -1: this is none.
//
// Functions of their own, so that every pointer stays a constant way from the packet's begin: the verifier wants that of those
// who have CAP_BPF without CAP_PERFMON, and the compiler would share what the families have in common.
static __noinline int ipv4_reply_identifier(void *packet, void *end) {
  struct iphdr *ip = packet + sizeof(struct ethhdr);
  struct echo_header *icmp = (void *)(ip + 1);
  if ((void *)(icmp + 1) > end) return -1;
  if (ip->ihl != 5 || ip->protocol != IPPROTO_ICMP || (ip->frag_off & bpf_htons(0x3fff)) != 0) return -1;
  return icmp->type == icmp_echo_reply ? bpf_ntohs(icmp->identifier) : -1;
}

static __noinline int ipv6_reply_identifier(void *packet, void *end) {
  struct ipv6hdr *ip = packet + sizeof(struct ethhdr);
  struct echo_header *icmp = (void *)(ip + 1);
  if ((void *)(icmp + 1) > end || ip->nexthdr != IPPROTO_ICMPV6) return -1;
  return icmp->type == icmpv6_echo_reply ? bpf_ntohs(icmp->identifier) : -1;
}

static __always_inline int reply_identifier(void *packet, void *end) {
  struct ethhdr *ethernet = packet;
  if ((void *)(ethernet + 1) > end) return -1;
  if (ethernet->h_proto == bpf_htons(ETH_P_IP)) return ipv4_reply_identifier(packet, end);
  if (ethernet->h_proto == bpf_htons(ETH_P_IPV6)) return ipv6_reply_identifier(packet, end);
  return -1;
}

SEC("xdp")
int take_answers(struct xdp_md *context) {
  int identifier = reply_identifier((void *)(long)context->data, (void *)(long)context->data_end);
  __u32 queue = context->rx_queue_index;
  __u32 *bound = bpf_map_lookup_elem(&identifiers, &queue);
  if (identifier < 0 || !bound || *bound != (__u32)(identifier | is_bound)) return XDP_PASS;

  // What has no room for the time is told it by the stack.
  if (bpf_xdp_adjust_meta(context, -(int)sizeof(__u64)) != 0) return XDP_PASS;
  __u64 *time = (void *)(long)context->data_meta;
  if ((void *)(time + 1) > (void *)(long)context->data) return XDP_PASS;
  *time = bpf_ktime_get_ns();
  return bpf_redirect_map(&sockets, queue, XDP_PASS);
}

char license_name[] SEC("license") = "GPL";
