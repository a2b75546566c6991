// answers.bpf.c: hands echo replies that are a transport's own straight to its AF_XDP socket, with the time they came.
//
// Runs on every packet that the device receives. A reply with an identifier of ours is taken out of the kernel's way, to the
// socket of the receive queue that it came by, and the eight bytes before it tell when (CLOCK_MONOTONIC of no time namespace). Whatever else
// comes, ICMP errors, fragments, packets with options, replies to others, goes on to the stack, where the raw socket with
// that identifier gets what is its own. So do replies that the socket's ring has no room for: its thread does not run, but
// the one that the reply is for may.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

enum { most_queues = 64, icmp_echo_reply = 0, icmpv6_echo_reply = 129 };

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

// What there is to know of a receive queue, in a cache line of its own. As in answer_program.hpp.
struct queue {
  __u64 given;  // replies put into its socket's ring
  __u64 taken;  // how many of those have made room again; the reader's to write
  __u64 room;   // 0: it has no socket
  __u32 first_identifier, identifiers;  // ours are so many from there on, modulo 2^16
  __u64 unused[4];
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, most_queues);
  __type(key, __u32);  // receive queue
  __type(value, struct queue);
} queues SEC(".maps");

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

static __always_inline int reply_identifier(struct ethhdr *ethernet, void *end) {
  if (ethernet->h_proto == bpf_htons(ETH_P_IP)) return ipv4_reply_identifier(ethernet, end);
  if (ethernet->h_proto == bpf_htons(ETH_P_IPV6)) return ipv6_reply_identifier(ethernet, end);
  return -1;
}

SEC("xdp")
int take_answers(struct xdp_md *context) {
  void *end = (void *)(long)context->data_end;
  struct ethhdr *ethernet = (void *)(long)context->data;
  if ((void *)(ethernet + 1) > end) return XDP_PASS;
  int identifier = reply_identifier(ethernet, end);
  __u32 number = context->rx_queue_index;
  struct queue *queue = bpf_map_lookup_elem(&queues, &number);
  if (identifier < 0 || !queue) return XDP_PASS;
  if ((__u16)(identifier - queue->first_identifier) >= queue->identifiers) return XDP_PASS;
  if (queue->given - *(volatile __u64 *)&queue->taken >= queue->room) return XDP_PASS;

  // What has no room for the time is told it by the stack.
  if (bpf_xdp_adjust_meta(context, -(int)sizeof(__u64)) != 0) return XDP_PASS;
  __u64 *time = (void *)(long)context->data_meta;
  if ((void *)(time + 1) > (void *)(long)context->data) return XDP_PASS;
  *time = bpf_ktime_get_ns();
  ++queue->given;
  return bpf_redirect_map(&sockets, number, XDP_PASS);
}

char license_name[] SEC("license") = "GPL";
