// control_message.hpp: reading and writing the control messages of recvmsg() and sendmsg().
//
// Both directions run once per packet at hundreds of thousands a second: nothing here allocates, and reading
// is one pass. What is read may come from a fuzzer: every length is checked, so any bytes are safe.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

#include "sonde/address.hpp"
#include "sonde/time.hpp"

namespace sonde::net {

// SCM_TS_OPT_ID (Linux 6.13): the number that the TX stamp of this send carries. Not in older headers.
inline constexpr int scm_ts_opt_id = 81;

// --- Reading ----------------------------------------------------------------------------------------------

struct ControlMessage {
  int level = 0;
  int type = 0;
  std::span<const std::byte> data;

  // The first bytes of `data` as a T; nullopt when it is too short.
  template <typename T>
    requires std::is_trivially_copyable_v<T>
  std::optional<T> as() const {
    if (data.size() < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, data.data(), sizeof value);
    return value;
  }
};

// The control messages in a buffer, in order; for (const ControlMessage& message : ControlMessages(header)).
// Ends at the first one whose length does not fit the buffer.
class ControlMessages {
 public:
  explicit ControlMessages(const msghdr& header)
      : bytes_(static_cast<const std::byte*>(header.msg_control),
               header.msg_control == nullptr ? 0 : header.msg_controllen) {}
  explicit ControlMessages(std::span<const std::byte> bytes) : bytes_(bytes) {}

  struct End {};
  class Iterator {
   public:
    explicit Iterator(std::span<const std::byte> rest) : rest_(rest) { read(); }
    const ControlMessage& operator*() const { return message_; }
    const ControlMessage* operator->() const { return &message_; }
    Iterator& operator++() {
      rest_ = rest_.subspan(step_);
      read();
      return *this;
    }
    bool operator==(End) const { return step_ == 0; }

   private:
    void read() {
      cmsghdr head;
      step_ = 0;
      if (rest_.size() < sizeof head) return;
      std::memcpy(&head, rest_.data(), sizeof head);
      if (head.cmsg_len < CMSG_LEN(0) || head.cmsg_len > rest_.size()) return;
      message_ = {head.cmsg_level, head.cmsg_type, rest_.subspan(CMSG_LEN(0), head.cmsg_len - CMSG_LEN(0))};
      // The last message may lack its padding.
      const std::size_t aligned = CMSG_ALIGN(head.cmsg_len);
      step_ = aligned < rest_.size() ? aligned : rest_.size();
    }

    std::span<const std::byte> rest_;
    ControlMessage message_;
    std::size_t step_ = 0;
  };

  Iterator begin() const { return Iterator(bytes_); }
  End end() const { return {}; }

 private:
  std::span<const std::byte> bytes_;
};

// What the kernel says with a message of the error queue (struct sock_extended_err, ip(7)).
struct ExtendedError {
  int error = 0;            // errno; ENOMSG for a stamp
  std::uint8_t origin = 0;  // SO_EE_ORIGIN_LOCAL, _ICMP, _ICMP6, _TIMESTAMPING
  std::uint8_t type = 0;    // ICMP type and code, for the origins ICMP and ICMP6
  std::uint8_t code = 0;
  std::uint32_t info = 0;           // the MTU for EMSGSIZE; which stamp (SCM_TSTAMP_SND, ...) for a stamp
  std::uint32_t data = 0;           // the send's number (OPT_ID) for a stamp
  std::optional<Address> offender;  // who sent the ICMP error

  bool is_stamp() const;            // a TX stamp, of any kind
  bool is_icmp() const;             // an ICMP error of either family
  bool is_send_stamp() const;       // the stamp of handing the packet to the device, SCM_TSTAMP_SND
  bool is_scheduler_stamp() const;  // that of giving it to the queueing discipline, SCM_TSTAMP_SCHED
};

// Everything sonde asks for, of one received message.
struct ReceivedControl {
  std::optional<UnixTime> software_stamp;
  std::optional<UnixTime> hardware_stamp;  // in the device's own clock, seldom UnixTime's
  std::optional<std::uint8_t> ttl;         // TTL or hop limit
  std::optional<std::uint8_t> tos;         // TOS or traffic class
  std::span<const std::byte> ip_options;   // IPv4's; within the control buffer
  std::uint32_t interface_index = 0;       // 0: not told (needs packet information or OPT_PKTINFO)
  std::optional<Address> destination;      // to which of our addresses; only with packet information
  std::optional<ExtendedError> error;      // present on every message of the error queue
  bool truncated = false;  // MSG_CTRUNC: the control buffer was too small, something is missing
};

ReceivedControl read_control(const msghdr& header);

// Room for every control message that read_control() knows, together with padding.
inline constexpr std::size_t receive_control_bytes = 384;

// --- Writing ----------------------------------------------------------------------------------------------

// A control buffer for one send. Fill it once, and only overwrite the send number afterwards:
//   ControlBuffer<64> control;
//   const std::size_t number_at = control.add_send_number(0);
//   control.attach(header);                       // per message, once
//   control.overwrite(number_at, std::uint32_t{7});  // per send
// Requires: what is appended fits; capacity is a multiple of CMSG_ALIGN(1).
template <std::size_t capacity>
class ControlBuffer {
  static_assert(capacity % CMSG_ALIGN(1) == 0);

 public:
  template <typename T>
    requires std::is_trivially_copyable_v<T>
  static constexpr std::size_t space() {
    return CMSG_SPACE(sizeof(T));
  }

  // Appends a message; returns where its data lies, for overwrite(), or npos when it does not fit.
  template <typename T>
    requires std::is_trivially_copyable_v<T>
  std::size_t append(int level, int type, const T& value) {
    if (used_ + space<T>() > capacity) return npos;
    cmsghdr head{};
    head.cmsg_len = CMSG_LEN(sizeof(T));
    head.cmsg_level = level;
    head.cmsg_type = type;
    std::memcpy(bytes_.data() + used_, &head, sizeof head);
    const std::size_t position = used_ + CMSG_LEN(0);
    std::memcpy(bytes_.data() + position, &value, sizeof value);
    used_ += space<T>();
    return position;
  }
  template <typename T>
    requires std::is_trivially_copyable_v<T>
  void overwrite(std::size_t position, const T& value) {
    if (position <= used_ && sizeof(T) <= used_ - position) {
      std::memcpy(bytes_.data() + position, &value, sizeof value);
    }
  }

  // The number that this send's TX stamp carries. Needs kernel_takes_send_numbers() and OPT_ID on the socket,
  // and then belongs on every send: one without it repeats the last number.
  std::size_t add_send_number(std::uint32_t number) { return append(SOL_SOCKET, scm_ts_opt_id, number); }
  // Asks for a TX stamp of this send alone, on a socket with TimestampingOptions::transmit_on_request
  // (Linux 4.7).
  std::size_t add_stamp_request();
  std::size_t add_ttl(Family family, std::uint8_t ttl);
  std::size_t add_tos(Family family, std::uint8_t tos);

  void attach(msghdr& header) {
    header.msg_control = used_ == 0 ? nullptr : bytes_.data();
    header.msg_controllen = used_;
  }
  void clear() { used_ = 0; }
  std::span<const std::byte> bytes() const { return std::span(bytes_).first(used_); }

  static constexpr std::size_t npos = static_cast<std::size_t>(-1);

 private:
  alignas(cmsghdr) std::array<std::byte, capacity> bytes_{};
  std::size_t used_ = 0;
};

// A control message of one int, as the add_ functions of ControlBuffer append it.
struct IntControl {
  int level = 0;
  int type = 0;
  int value = 0;
};
IntControl stamp_request_control();
IntControl ttl_control(Family family, std::uint8_t ttl);
IntControl tos_control(Family family, std::uint8_t tos);

template <std::size_t capacity>
std::size_t ControlBuffer<capacity>::add_stamp_request() {
  const IntControl control = stamp_request_control();
  return append(control.level, control.type, control.value);
}
template <std::size_t capacity>
std::size_t ControlBuffer<capacity>::add_ttl(Family family, std::uint8_t ttl) {
  const IntControl control = ttl_control(family, ttl);
  return append(control.level, control.type, control.value);
}
template <std::size_t capacity>
std::size_t ControlBuffer<capacity>::add_tos(Family family, std::uint8_t tos) {
  const IntControl control = tos_control(family, tos);
  return append(control.level, control.type, control.value);
}

}  // namespace sonde::net
