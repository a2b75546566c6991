// usage.cpp: the help text. Programs look in it for options ("-S,", "--timestamp"), so names and their order are fping's.
#include <fmt/core.h>

#include "compat/fping/options.hpp"

namespace sonde::compat::fping {

namespace {

constexpr const char* text = R"(Usage: {0} [options] [targets...]

Probing options:
   -4, --ipv4         IPv4 only
   -6, --ipv6         IPv6 only
   -b, --size=BYTES   so many bytes of data in each probe (default: 56)
   -B, --backoff=N    every retry waits N times as long as the try before it (default: 1.5)
   -c, --count=N      send N probes to each target, then tell how many came back
   -f, --file=FILE    take the targets from FILE, one a line ( - is standard input)
   -g, --generate     take all addresses of a range, at most 131072:
                      {0} -g 192.0.2.0/24, {0} -g 192.0.2.1 192.0.2.9, {0} -g 2001:db8::/120
   -H, --ttl=N        send with this TTL or hop limit
   -i, --interval=MSEC  least time between any two probes (default: 10 ms)
   -I, --iface=IFACE  bind to this interface
       --oiface=IFACE  send out of this interface, receive from any
   -k, --fwmark=FWMARK set this mark on what is sent
   -l, --loop         send until interrupted
   -m, --all          every address that a name has, not the first alone (useful with -A)
   -M, --dontfrag     forbid fragmenting on the way
   -O, --tos=N        send with this TOS or traffic class
   -p, --period=MSEC  time between two probes to one target, with -c, -C and -l (default: 1000 ms)
   -r, --retry=N      ask again so often (default: 3)
   -R, --random       random data in place of zeros
   -S, --src=IP       send from this address
       --seqmap-timeout=MSEC accepted and without effect: sequence numbers do not run out
   -t, --timeout=MSEC wait so long for the first answer (default: 500 ms;
                      with -c, -C and -l the period, at most 2000 ms)
       --check-source count no answer that comes from another address than was asked
       --icmp-timestamp ask for ICMP timestamps in place of echoes (IPv4, needs raw sockets)

Output options:
   -a, --alive        show the targets that answer
   -A, --addr         show addresses
   -C, --vcount=N     as -c, then tell every probe's time
   -d, --rdns         show the name that the address has
   -D, --timestamp    begin each line with the time
       --timestamp-format=FORMAT  of -D: ctime|iso|rfc3339
   -e, --elapsed      show round-trip times
   -J, --json         a line of JSON for everything (needs -c, -C or -l)
   -n, --name         show the name of a target that is given as an address
   -N, --netdata      output for netdata (with -l and -Q)
   -o, --outage       show the outage: lost probes times the period
   -q, --quiet        the summary only
   -Q, --squiet=SECS[,cumulative]  as -q, and a summary every SECS seconds, of these or since the beginning
   -s, --stats        totals of all targets at the end
   -u, --unreach      show the targets that do not answer
   -v, --version      show version
   -x, --reachable=N  tell whether N targets or more answer
   -X, --fast-reachable=N as -x, and end as soon as N have
       --print-tos    show the answers' TOS or traffic class
       --print-ttl    show the answers' TTL or hop limit
)";

}  // namespace

Ending usage(const std::string& program, bool asked_for) {
  std::string filled = fmt::format(fmt::runtime(text), program);
  if (asked_for) return {0, std::move(filled), {}};
  return {1, {}, std::move(filled)};
}

}  // namespace sonde::compat::fping
