// rings.hpp: AF_XDP sockets of one thread with the memory that they share (Documentation/networking/af_xdp.rst).
//
// Frames, 2 KiB each: the first `send_frames` go round between here, the first socket's send ring and its completion ring;
// the others lie in the fill rings of the queues, come back on their receive rings, and are given back when they were read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sonde/error.hpp"

struct xsk_socket;
struct xsk_umem;

namespace sonde::xdp {

// Threads: one owner.
class Rings {
 public:
  static constexpr std::size_t frame_bytes = 2048;
  // No more than so many are on their way to the wire, so that a device's own ring, of 256 at the least, loses none.
  static constexpr std::size_t send_frames = 128;
  static constexpr std::size_t receive_frames = 2048;  // of each queue

  // Binds a socket to each of these queues of the device; probes leave by the first. `receives`: have frames to receive in.
  // The driver reads and writes the frames itself where it can, else they are copied. Needs CAP_NET_RAW.
  // Errors: permission_denied; unavailable (no such queue, or another program has it: EBUSY); resource_limit, when
  // RLIMIT_MEMLOCK is too low for the frames; system.
  static Result<std::unique_ptr<Rings>> open(const std::string& interface,
                                             std::span<const std::uint32_t> queues, bool receives);
  ~Rings();
  Rings(const Rings&) = delete;
  Rings& operator=(const Rings&) = delete;

  // The descriptors of the sockets, in the order of the queues.
  std::vector<int> descriptors() const;
  // Where to count the places of a queue's receive ring that are free again: release() does. The place is that in the order of the
  // queues. Outlives this.
  void count_freed(std::size_t place, std::uint64_t& counter);
  // Whether the driver reads the frames itself.
  bool is_zero_copy() const { return zero_copy_; }

  // --- Sending: fill frames, then send what was filled. ---
  // A frame to write into; empty: all are on their way. Then send() wakes the kernel, which may bring some back.
  std::span<std::byte> next_frame();
  // The frame that was given last is a packet of so many bytes.
  void stage(std::size_t bytes);
  std::size_t staged() const { return staged_; }
  // What became of the staged frames, in their order: the first `taken` were taken, but those in `dropped` came to nothing
  // at the device (their places). The rest is not staged any more, and never left. `system_errno`: why it never will; 0: not
  // now, it may be tried again. A driver that reads the frames itself has taken all, and sends them in its own time.
  struct Sent {
    std::size_t taken = 0;
    std::vector<std::size_t> dropped{};
    int system_errno = 0;
  };
  // With nothing staged: wakes the kernel alone.
  Sent send();
  // The device was down when the kernel was last woken.
  bool is_down() const { return down_; }

  // --- Receiving ---
  // Calls take(packet, time) with each of at most `most` packets; `time` is what the program wrote before the packet. They stay
  // where they are until release(). True: more wait.
  template <typename Take>
  bool receive(std::size_t most, Take take);
  // Gives the frames of all packets that were received back to the kernel.
  void release();
  // Packets that were lost for want of frames or ring, so far. Their places are free as well.
  std::uint64_t drops();

 private:
  struct Queue;
  struct Memory;
  struct Packet {
    std::span<const std::byte> bytes;
    std::uint64_t time = 0;
  };
  Rings();
  Result<void> bind(const std::string& interface, std::span<const std::uint32_t> queues, bool receives);
  Result<void> bind_queue(const std::string& interface, std::uint32_t number, bool receives);
  void give_receive_frames(Queue& queue, std::uint64_t first);
  void collect_completions();
  // Wakes the kernel: 0 or an errno.
  int wake_sender();
  // The staged entries of the send ring from `first` on stay there, but lead to no frame any more.
  void take_back(std::uint32_t first, std::uint32_t count);
  // Has the kernel read past those that were taken back; as far as it may be woken now.
  void skip_taken_back();
  std::uint32_t entries_read() const;
  bool peek(Queue& queue, Packet& packet);

  std::unique_ptr<Memory> memory_;
  std::vector<std::unique_ptr<Queue>> queues_;
  std::vector<std::uint64_t> free_frames_;  // to send by
  std::size_t staged_ = 0;
  // Of the staged ones, those in new entries of the send ring; the others are in entries that were taken back.
  std::uint32_t new_entries_ = 0;
  // The last entries of the send ring, which were taken back. The kernel keeps its own copy of how far the ring is filled, so
  // that it cannot be told of fewer entries than before: these lead nowhere, which it skips, until they are used again.
  std::uint32_t taken_back_ = 0;
  bool skips_ = false;  // the kernel has begun to: none of them can be used again
  bool down_ = false;
  bool zero_copy_ = false;
};

template <typename Take>
bool Rings::receive(std::size_t most, Take take) {
  std::size_t taken = 0;
  for (const auto& queue : queues_) {
    for (Packet packet; peek(*queue, packet);) {
      take(packet.bytes, packet.time);
      if (++taken == most) return true;
    }
  }
  return false;
}

}  // namespace sonde::xdp
