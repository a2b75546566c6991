// timestamping.hpp: asking the kernel to stamp what a socket sends and receives (SO_TIMESTAMPING).
//
// TX stamps return on the error queue, in order, each with the number of its send (`ExtendedError::data`).
// Numbering is either the kernel's (a counter per socket, which some failed sends advance and others do not)
// or the caller's (SCM_TS_OPT_ID); see Documentation/networking/timestamping.rst.
#pragma once

#include <string>

#include "sonde/error.hpp"
#include "sonde/time.hpp"

namespace sonde::net {

struct TimestampingOptions {
  bool transmit = false;  // a TX stamp for every send
  bool transmit_on_request =
      false;               // a TX stamp for sends with ControlBuffer::add_stamp_request() (sampling)
  bool scheduled = false;  // a stamp also when a send is given to the queueing discipline (SCM_TSTAMP_SCHED)
  bool receive = false;    // an RX stamp with everything received
  bool hardware = false;   // the device's stamps as well, where it takes any
  bool number_sends = false;  // OPT_ID; counts from 0. With transmit_on_request only the stamped sends count

  friend bool operator==(const TimestampingOptions&, const TimestampingOptions&) = default;
};

// Sets exactly these options, replacing what was set. The stamped packet's bytes are never looped back
// (OPT_TSONLY). Errors: unavailable (a kernel without them), system.
Result<void> enable_timestamping(int descriptor, const TimestampingOptions& options);

// RX stamps are switched on for the whole kernel when the first socket asks for them, and by deferred work:
// what arrives within some milliseconds (15 were seen on a busy machine) has none, and only ever a nearby
// host answers so fast. Call after enable_timestamping() with `receive`; waits until a packet that this
// process sends to itself over the loopback device comes stamped. True: stamps are on. False: not within
// `patience`, or there is no loopback device.
bool await_receive_stamps(Nanoseconds patience);

// The next send has the number 0 again. Requires: `options.number_sends`, and the error queue was drained,
// for stamps still underway keep their old numbers.
Result<void> restart_send_numbers(int descriptor, const TimestampingOptions& options);

// Whether sends may carry their own number (SCM_TS_OPT_ID, Linux 6.13). Found out by trying it on an
// unconnected UDP socket with MSG_CONFIRM | MSG_PROBE, which checks the control messages and sends nothing;
// asked once per process.
bool kernel_takes_send_numbers();

// What a device can do about hardware stamps (ETHTOOL_GET_TS_INFO).
struct DeviceTimestamping {
  bool transmit_software = false;
  bool transmit_hardware = false;
  bool receive_hardware_all = false;  // stamps every packet, not PTP's only
  int clock_index = -1;               // /dev/ptpN; -1: none
};
// Errors: not_found (no such interface), unavailable.
Result<DeviceTimestamping> device_timestamping(const std::string& interface);
// Has the device stamp everything it sends and receives (SIOCSHWTSTAMP); system-wide, needs CAP_NET_ADMIN.
// Errors: not_found, permission_denied, unavailable (the device cannot).
Result<void> enable_device_timestamping(const std::string& interface);

}  // namespace sonde::net
