// rings.cpp: see rings.hpp.
#include "xdp/rings.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <xdp/xsk.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

namespace sonde::xdp {

namespace {

// A socket of a process that has just ended holds its queue a moment longer.
constexpr int most_bind_attempts = 50;
constexpr timespec bind_again_after{.tv_sec = 0, .tv_nsec = 10'000'000};
// A send call hands over no more than 32 packets, and stops at one that it drops.
constexpr int most_kicks_in_vain = 16;

Error bind_failure(int system_errno, const std::string& interface, std::uint32_t queue) {
  std::string hint;
  if (system_errno == EPERM) hint = "it needs CAP_NET_RAW";
  if (system_errno == EBUSY) hint = "another program has an AF_XDP socket on queue " + std::to_string(queue);
  if (system_errno == EINVAL) hint = "has the device a queue " + std::to_string(queue) + "?";
  if (system_errno == ENOBUFS) hint = "raise RLIMIT_MEMLOCK (ulimit -l), or give it CAP_IPC_LOCK";
  return Error::from_errno(system_errno, "cannot bind an AF_XDP socket", interface, hint);
}

}  // namespace

struct Rings::Queue {
  Queue() = default;
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  ~Queue() { xsk_socket__delete(socket); }  // of nullptr: nothing

  xsk_socket* socket = nullptr;
  xsk_ring_cons received{}, completed{};
  xsk_ring_prod fill{}, send{};
  std::vector<std::uint64_t> held{};  // frames of packets that were received and are looked at
  std::uint64_t drops = 0;            // when last asked
  std::uint64_t* freed = nullptr;
  // Another processor reads it.
  void add_freed(std::uint64_t places) const {
    if (freed != nullptr) std::atomic_ref(*freed).fetch_add(places, std::memory_order_release);
  }
};

struct Rings::Memory {
  Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() {
    if (umem != nullptr) xsk_umem__delete(umem);
    if (bytes != nullptr) ::munmap(bytes, size);
  }
  std::span<std::byte> at(std::uint64_t address, std::size_t length) const {
    return {static_cast<std::byte*>(bytes) + address, length};
  }

  void* bytes = nullptr;
  std::size_t size = 0;
  xsk_umem* umem = nullptr;
};

Rings::Rings() : memory_(std::make_unique<Memory>()) {}

Rings::~Rings() {
  queues_.clear();  // before the memory
}

Result<std::unique_ptr<Rings>> Rings::open(const std::string& interface,
                                           std::span<const std::uint32_t> queues, bool receives) {
  // From the start each time: a failed attempt on one queue takes the rings of the first socket with it.
  for (int attempt = 1;; ++attempt) {
    std::unique_ptr<Rings> rings(new Rings);
    const auto bound = rings->bind(interface, queues, receives);
    if (bound) return rings;
    if (bound.error().system_errno != EBUSY || attempt == most_bind_attempts)
      return std::unexpected(bound.error());
    rings.reset();
    ::nanosleep(&bind_again_after, nullptr);
  }
}

Result<void> Rings::bind(const std::string& interface, std::span<const std::uint32_t> queues, bool receives) {
  // Frames count as locked memory.
  rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_MEMLOCK, &limit);
  }
  const std::size_t frames = send_frames + (receives ? queues.size() * receive_frames : 0);
  memory_->size = frames * frame_bytes;
  memory_->bytes = ::mmap(nullptr, memory_->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory_->bytes == MAP_FAILED) {
    memory_->bytes = nullptr;
    return std::unexpected(Error::from_errno(errno, "cannot get memory for AF_XDP frames", interface));
  }
  for (const std::uint32_t number : queues) {
    if (auto bound = bind_queue(interface, number, receives); !bound) return bound;
  }
  for (std::size_t frame = 0; frame < send_frames; ++frame) free_frames_.push_back(frame * frame_bytes);
  if (receives) {
    for (std::size_t i = 0; i < queues_.size(); ++i)
      give_receive_frames(*queues_[i], (send_frames + i * receive_frames) * frame_bytes);
  }
  xdp_options options{};
  socklen_t length = sizeof options;
  const int first = xsk_socket__fd(queues_.front()->socket);
  zero_copy_ = ::getsockopt(first, SOL_XDP, XDP_OPTIONS, &options, &length) == 0 &&
               (options.flags & XDP_OPTIONS_ZEROCOPY) != 0;
  return {};
}

Result<void> Rings::bind_queue(const std::string& interface, std::uint32_t number, bool receives) {
  const bool is_first = queues_.empty();
  Queue& queue = *queues_.emplace_back(std::make_unique<Queue>());
  if (is_first) {
    const xsk_umem_config config{.fill_size = receive_frames,
                                 .comp_size = receive_frames,
                                 .frame_size = frame_bytes,
                                 .frame_headroom = 0,
                                 .flags = 0};
    const int status = xsk_umem__create(&memory_->umem, memory_->bytes, memory_->size, &queue.fill,
                                        &queue.completed, &config);
    if (status != 0) return std::unexpected(bind_failure(-status, interface, number));
  }
  xsk_socket_config config{};
  config.rx_size = receive_frames;
  config.tx_size = send_frames;
  config.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD;
  config.bind_flags = XDP_USE_NEED_WAKEUP;
  xsk_ring_cons* receive_ring = receives ? &queue.received : nullptr;
  xsk_ring_prod* send_ring = is_first ? &queue.send : nullptr;
  const int status =
      xsk_socket__create_shared(&queue.socket, interface.c_str(), number, memory_->umem, receive_ring,
                                send_ring, &queue.fill, &queue.completed, &config);
  if (status == 0) return {};
  queue.socket = nullptr;
  return std::unexpected(bind_failure(-status, interface, number));
}

void Rings::give_receive_frames(Queue& queue, std::uint64_t first) {
  for (std::uint64_t frame = 0; frame < receive_frames; ++frame)
    queue.held.push_back(first + frame * frame_bytes);
  release();
}

std::vector<int> Rings::descriptors() const {
  std::vector<int> found;
  found.reserve(queues_.size());
  for (const auto& queue : queues_) found.push_back(xsk_socket__fd(queue->socket));
  return found;
}

void Rings::count_freed(std::size_t place, std::uint64_t& counter) {
  queues_[place]->freed = &counter;
}

std::span<std::byte> Rings::next_frame() {
  if (free_frames_.empty()) collect_completions();
  if (free_frames_.empty()) return {};
  // It has as many entries as there are frames, but the kernel does not always tell at once how far it has read.
  if (skips_) skip_taken_back();
  if (skips_ || (taken_back_ == 0 && xsk_prod_nb_free(&queues_.front()->send, 1) == 0)) return {};
  return memory_->at(free_frames_.back(), frame_bytes);
}

void Rings::stage(std::size_t bytes) {
  Queue& queue = *queues_.front();
  std::uint32_t at = queue.send.cached_prod - taken_back_;
  if (taken_back_ > 0) {
    --taken_back_;
  } else {
    xsk_ring_prod__reserve(&queue.send, 1, &at);
    ++new_entries_;
  }
  *xsk_ring_prod__tx_desc(&queue.send, at) = {
      .addr = free_frames_.back(), .len = static_cast<std::uint32_t>(bytes), .options = 0};
  free_frames_.pop_back();
  ++staged_;
}

void Rings::take_back(std::uint32_t first, std::uint32_t count) {
  Queue& queue = *queues_.front();
  for (std::uint32_t i = 0; i < count; ++i) {
    xdp_desc& entry = *xsk_ring_prod__tx_desc(&queue.send, first + i);
    free_frames_.push_back(entry.addr);
    entry.addr = memory_->size;  // behind the last frame
  }
  taken_back_ += count;
}

std::uint32_t Rings::entries_read() const {
  return std::atomic_ref(*queues_.front()->send.consumer).load(std::memory_order_acquire);
}

// Kernels skip one in a call, or all; some tell how far they have read only when there is no more to read.
void Rings::skip_taken_back() {
  skips_ = true;
  for (std::size_t call = 0; call <= send_frames + 1; ++call) {
    if (entries_read() == queues_.front()->send.cached_prod) {
      taken_back_ = 0;
      skips_ = false;
      return;
    }
    if (wake_sender() != 0) return;
  }
}

void Rings::collect_completions() {
  xsk_ring_cons& ring = queues_.front()->completed;
  std::uint32_t at = 0;
  const std::uint32_t count = xsk_ring_cons__peek(&ring, send_frames, &at);
  for (std::uint32_t i = 0; i < count; ++i) {
    // Some kernels complete the entries that were taken back, too, which lead to no frame.
    const std::uint64_t frame = *xsk_ring_cons__comp_addr(&ring, at + i);
    if (frame < memory_->size) free_frames_.push_back(frame);
  }
  xsk_ring_cons__release(&ring, count);
}

int Rings::wake_sender() {
  const int socket = xsk_socket__fd(queues_.front()->socket);
  const int system_errno = ::sendto(socket, nullptr, 0, MSG_DONTWAIT, nullptr, 0) >= 0 ? 0 : errno;
  down_ = system_errno == ENETDOWN;
  return system_errno;
}

// Without zero copy the kernel reads the ring within our own call alone, so that what it left there can be taken back.
Rings::Sent Rings::send() {
  xsk_ring_prod& ring = queues_.front()->send;
  const auto count = static_cast<std::uint32_t>(std::exchange(staged_, 0));
  xsk_ring_prod__submit(&ring, std::exchange(new_entries_, 0));
  const std::uint32_t first = ring.cached_prod - taken_back_ - count;

  Sent sent;
  if (count == 0 && skips_) {
    skip_taken_back();
    return {};
  }
  std::uint32_t read = 0;  // of the staged ones
  int system_errno = 0;
  for (int in_vain = 0; in_vain < most_kicks_in_vain;) {
    const std::uint32_t before = read;
    system_errno = wake_sender();
    if (zero_copy_) break;  // the driver takes them in its own time
    const auto told = static_cast<std::int32_t>(entries_read() - first);
    if (told > static_cast<std::int32_t>(read)) read = std::min(static_cast<std::uint32_t>(told), count);
    // EBUSY: the device dropped one, the last that was read. How far it has read the kernel does not tell when that was the
    // first of the call.
    if (system_errno == EBUSY && before < count) {
      if (read == before) ++read;
      sent.dropped.push_back(read - 1);
    }
    if (read == count) break;
    const bool may_go_on =
        system_errno == 0 || system_errno == EAGAIN || system_errno == EBUSY || system_errno == ENOBUFS;
    if (!may_go_on) break;
    in_vain = read == before ? in_vain + 1 : 0;
  }
  sent.taken = zero_copy_ ? count : read;
  if (sent.taken < count) {
    take_back(first + read, count - read);
    const bool may_be_tried_again = system_errno == 0 || system_errno == EAGAIN || system_errno == EBUSY ||
                                    system_errno == ENOBUFS || system_errno == ENETDOWN;
    if (!may_be_tried_again) sent.system_errno = system_errno;
  } else if (system_errno == 0 && taken_back_ > 0) {
    skip_taken_back();  // it has begun to
  }
  return sent;
}

bool Rings::peek(Queue& queue, Packet& packet) {
  if (queue.received.ring == nullptr) return false;
  std::uint32_t at = 0;
  if (xsk_ring_cons__peek(&queue.received, 1, &at) == 0) return false;
  const xdp_desc description = *xsk_ring_cons__rx_desc(&queue.received, at);
  xsk_ring_cons__release(&queue.received, 1);
  queue.held.push_back(description.addr);
  packet.bytes = memory_->at(description.addr, description.len);
  std::memcpy(&packet.time, memory_->at(description.addr - sizeof packet.time, sizeof packet.time).data(),
              sizeof packet.time);
  return true;
}

void Rings::release() {
  for (const auto& queue : queues_) {
    const auto count = static_cast<std::uint32_t>(queue->held.size());
    if (count == 0) continue;
    std::uint32_t at = 0;
    xsk_ring_prod__reserve(&queue->fill, count, &at);  // there is room for all frames of the queue
    for (std::uint32_t i = 0; i < count; ++i)
      *xsk_ring_prod__fill_addr(&queue->fill, at + i) = queue->held[i] / frame_bytes * frame_bytes;
    xsk_ring_prod__submit(&queue->fill, count);
    queue->held.clear();
    queue->add_freed(count);
    if (xsk_ring_prod__needs_wakeup(&queue->fill) != 0)
      ::recvfrom(xsk_socket__fd(queue->socket), nullptr, 0, MSG_DONTWAIT, nullptr, nullptr);
  }
}

std::uint64_t Rings::drops() {
  std::uint64_t drops = 0;
  for (const auto& queue : queues_) {
    xdp_statistics statistics{};
    socklen_t length = sizeof statistics;
    const int socket = xsk_socket__fd(queue->socket);
    if (::getsockopt(socket, SOL_XDP, XDP_STATISTICS, &statistics, &length) == 0) {
      const std::uint64_t now = statistics.rx_dropped + statistics.rx_ring_full;
      queue->add_freed(now - std::exchange(queue->drops, now));
    }
    drops += queue->drops;
  }
  return drops;
}

}  // namespace sonde::xdp
