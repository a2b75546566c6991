// reflector.bpf.c: answers every ICMP and ICMPv6 echo request in the kernel, for any address, before the stack.
//
// Attached (XDP) to one end of a veth pair it turns a request into its reply in place and sends it back out of the
// same end: MAC and IP addresses swapped, type changed, checksum adjusted by the difference (RFC 1624). Everything
// else goes on to the stack. A network without delay, queue or loss, so that what is measured is the prober.
//
// veth takes XDP_TX only where the other end runs NAPI: give that end the `pass` program or switch GRO on there.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

// The start of an ICMP message, the same in both families (<linux/icmp.h> drags in the C library).
struct echo_header {
  __u8 type;
  __u8 code;
  __u16 checksum;
  __u16 identifier;
  __u16 sequence;
};

enum { ICMP_ECHO_REPLY = 0, ICMP_ECHO_REQUEST = 8, ICMPV6_ECHO_REQUEST = 128, ICMPV6_ECHO_REPLY = 129 };

static __always_inline void swap_words(void *a, void *b, int count) {
  __u16 *left = a, *right = b;
#pragma unroll
  for (int i = 0; i < count; i++) {
    __u16 word = left[i];
    left[i] = right[i];
    right[i] = word;
  }
}

// The checksum after the 16-bit word `before` became `after` (RFC 1624, equation 3).
static __always_inline __u16 adjusted(__u16 checksum, __u16 before, __u16 after) {
  __u32 sum = (__u16)~checksum;
  sum += (__u16)~before;
  sum += after;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return (__u16)~sum;
}

static __always_inline void make_reply(struct echo_header *icmp, __u8 request, __u8 reply) {
  icmp->type = reply;
  icmp->checksum = adjusted(icmp->checksum, bpf_htons((__u16)(request << 8)), bpf_htons((__u16)(reply << 8)));
}

SEC("xdp")
int reflect(struct xdp_md *context) {
  void *end = (void *)(long)context->data_end;
  struct ethhdr *ethernet = (void *)(long)context->data;
  if ((void *)(ethernet + 1) > end) return XDP_PASS;

  if (ethernet->h_proto == bpf_htons(ETH_P_IP)) {
    struct iphdr *ip = (void *)(ethernet + 1);
    struct echo_header *icmp = (void *)(ip + 1);
    if ((void *)(icmp + 1) > end) return XDP_PASS;
    if (ip->ihl != 5 || ip->protocol != IPPROTO_ICMP || icmp->type != ICMP_ECHO_REQUEST) return XDP_PASS;
    // A fragment has no ICMP header of its own: leave reassembly to the stack.
    if (ip->frag_off & bpf_htons(0x3fff)) return XDP_PASS;
    swap_words(&ip->saddr, &ip->daddr, 2);
    make_reply(icmp, ICMP_ECHO_REQUEST, ICMP_ECHO_REPLY);
  } else if (ethernet->h_proto == bpf_htons(ETH_P_IPV6)) {
    struct ipv6hdr *ip = (void *)(ethernet + 1);
    struct echo_header *icmp = (void *)(ip + 1);
    if ((void *)(icmp + 1) > end) return XDP_PASS;
    if (ip->nexthdr != IPPROTO_ICMPV6 || icmp->type != ICMPV6_ECHO_REQUEST) return XDP_PASS;
    swap_words(&ip->saddr, &ip->daddr, 8);
    make_reply(icmp, ICMPV6_ECHO_REQUEST, ICMPV6_ECHO_REPLY);
  } else {
    return XDP_PASS;
  }
  swap_words(ethernet->h_source, ethernet->h_dest, 3);
  return XDP_TX;
}

// For the prober's own end: lets everything through, and makes veth run NAPI there.
SEC("xdp.pass")
int pass(struct xdp_md *context) {
  (void)context;
  return XDP_PASS;
}

// For the prober's own end under the bare AF_XDP loop: every echo reply of IPv4 goes to the socket of its queue.
struct {
  __uint(type, BPF_MAP_TYPE_XSKMAP);
  __uint(max_entries, 64);
  __type(key, __u32);
  __type(value, __u32);
} sockets SEC(".maps");

SEC("xdp.sockets")
int to_sockets(struct xdp_md *context) {
  void *end = (void *)(long)context->data_end;
  struct ethhdr *ethernet = (void *)(long)context->data;
  struct iphdr *ip = (void *)(ethernet + 1);
  struct echo_header *icmp = (void *)(ip + 1);
  if ((void *)(icmp + 1) > end || ethernet->h_proto != bpf_htons(ETH_P_IP)) return XDP_PASS;
  if (ip->protocol != IPPROTO_ICMP || icmp->type != ICMP_ECHO_REPLY) return XDP_PASS;
  return bpf_redirect_map(&sockets, context->rx_queue_index, XDP_PASS);
}

char license_name[] SEC("license") = "GPL";
