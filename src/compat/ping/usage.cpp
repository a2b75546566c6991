// usage.cpp: what ping says to those who ask wrongly.
#include "compat/ping/options.hpp"
#include "compat/ping/voice.hpp"

namespace sonde::compat::ping {

namespace {

constexpr const char* usage_text = R"(
Usage
  ping [options] <destination>

Options:
  <destination>      host name or address
  -3                 all three decimals of a time, however long it is
  -a                 ring the bell for each reply
  -A                 adaptive: the next probe when the last is answered
  -B                 keep to the source address the first probe has
  -c <count>         stop after <count> probes
  -C                 accepted; the kernel's choice of route is the same without
  -D                 a Unix time before each line
  -d                 accepted; SO_DEBUG has no effect on ICMP
  -e <identifier>    the ICMP identifier
  -f                 flood: as fast as answers come, or 100 a second
  -h                 this text
  -H                 look names up, also for numeric destinations
  -I <interface>     interface, or source address
  -i <interval>      seconds between probes
  -j                 JSON, one object a line
  -L                 no copy of own multicast probes
  -l <preload>       send that many before waiting for answers
  -m <mark>          the packet mark (SO_MARK)
  -M <pmtud opt>     path MTU discovery: <do|dont|want|probe>
  -n                 no names in reply lines
  -O                 say when the last probe has no answer yet
  -p <pattern>       payload in hexadecimal, at most 16 bytes
  -q                 header and summary only
  -Q <tclass>        the TOS or traffic class byte
  -r                 hosts on a directly attached link only
  -s <size>          payload bytes
  -S <size>          accepted; a full send buffer is waited for
  -t <ttl>           TTL or hop limit
  -U                 times around the system calls instead of the kernel's
  -v                 say more
  -V                 version
  -w <deadline>      end after that many seconds
  -W <timeout>       seconds to wait for a first answer

IPv4 options:
  -4                 IPv4 only
  -b                 allow a broadcast address
  -R                 record the route
  -T <timestamp>     timestamp option: <tsonly|tsandaddr|tsprespec>

IPv6 options:
  -6                 IPv6 only
  -F <flowlabel>     the flow label
  -N <nodeinfo opt>  ask for node information, not for echoes: "help" lists what

Measured by sonde; see sonde(1).
)";

}  // namespace

Exit show_usage(const Voice& voice) {
  voice.streams().err(usage_text);
  return {2};
}

}  // namespace sonde::compat::ping
