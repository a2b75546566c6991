// bare_xdp_loop.cpp: the reference for `sonde sweep --transport xdp`: AF_XDP rings, one frame after the other sent, answers received.
//
// It knows nothing of sonde: one frame is made at the start and changed only in its destination and checksum, answers are
// counted and not looked at. Everything goes by all queues of the device with one thread. Never more than `--in-flight` are
// unanswered. The XDP program is reflector.bpf.o's `to_sockets`. Prints one JSON object.
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <sys/mman.h>
#include <xdp/xsk.h>

#include <CLI/CLI.hpp>
#include <array>
#include <memory>

#include "ping_socket.hpp"

namespace {

using namespace sonde::bench;

struct Options {
  std::string device, object, first = "10.0.0.0", source, from_mac, to_mac;
  std::uint32_t targets = 65536;
  std::uint64_t in_flight = 128;
  unsigned queues = 1;
};

constexpr std::uint32_t frame_bytes = 2048, send_frames = 512, receive_frames = 2048, batch = 32;
constexpr std::size_t packet_bytes = 14 + 20 + 8 + 24;

void expect(bool fine, const char* what) {
  if (!fine) give_up(what);
}

struct Queue {
  xsk_socket* socket = nullptr;
  xsk_ring_cons received{}, completed{};
  xsk_ring_prod fill{}, send{};
};

class Loop {
 public:
  explicit Loop(const Options& options) : options_(options) {
    const std::size_t size = (send_frames + std::size_t{options.queues} * receive_frames) * frame_bytes;
    void* memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    expect(memory != MAP_FAILED, "mmap");
    memory_ = static_cast<unsigned char*>(memory);
    attach();
    for (unsigned queue = 0; queue < options.queues; ++queue) open(queue, size);
    for (std::uint64_t i = 0; i < send_frames; ++i) {
      write_frame(memory_ + i * frame_bytes);
      free_.push_back(i * frame_bytes);
    }
  }

  void run() {
    const double start = wall_seconds();
    double heard = start;
    while (received_ < options_.targets) {
      send();
      const std::uint64_t before = received_;
      receive();
      const double now = wall_seconds();
      if (received_ != before) heard = now;
      if (now - heard > 1) break;  // lost: the sum tells
    }
    const double seconds = wall_seconds() - start;
    std::printf("{\"sent\": %llu, \"received\": %llu, \"seconds\": %.6f, \"rate\": %.0f}\n",
                static_cast<unsigned long long>(sent_), static_cast<unsigned long long>(received_), seconds,
                static_cast<double>(sent_) / seconds);
  }

 private:
  void attach() {
    bpf_object* object = bpf_object__open_file(options_.object.c_str(), nullptr);
    expect(object != nullptr, "reflector object");
    for (const char* other : {"reflect", "pass"})
      bpf_program__set_autoload(bpf_object__find_program_by_name(object, other), false);
    bpf_program* program = bpf_object__find_program_by_name(object, "to_sockets");
    bpf_program__set_type(program, BPF_PROG_TYPE_XDP);
    bpf_program__set_expected_attach_type(program, BPF_XDP);
    expect(bpf_object__load(object) == 0, "load");
    map_ = bpf_object__find_map_fd_by_name(object, "sockets");
    expect(bpf_program__attach_xdp(program, static_cast<int>(if_nametoindex(options_.device.c_str()))) !=
               nullptr,
           "attach");
  }

  void open(unsigned number, std::size_t size) {
    Queue& queue = *queues_.emplace_back(std::make_unique<Queue>());
    const xsk_umem_config memory{receive_frames, receive_frames, frame_bytes, 0, 0};
    if (number == 0)
      expect(xsk_umem__create(&umem_, memory_, size, &queue.fill, &queue.completed, &memory) == 0, "umem");
    xsk_socket_config config{};
    config.rx_size = receive_frames;
    config.tx_size = send_frames;
    config.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD;
    config.bind_flags = XDP_USE_NEED_WAKEUP;
    const int status = xsk_socket__create_shared(&queue.socket, options_.device.c_str(), number, umem_,
                                                 &queue.received, number == 0 ? &queue.send : nullptr,
                                                 &queue.fill, &queue.completed, &config);
    errno = -status;
    expect(status == 0, "AF_XDP socket");
    const int socket = xsk_socket__fd(queue.socket);
    expect(bpf_map_update_elem(map_, &number, &socket, BPF_ANY) == 0, "map");
    std::uint32_t at = 0;
    xsk_ring_prod__reserve(&queue.fill, receive_frames, &at);
    for (std::uint32_t i = 0; i < receive_frames; ++i)
      *xsk_ring_prod__fill_addr(&queue.fill, at + i) =
          (send_frames + std::uint64_t{number} * receive_frames + i) * frame_bytes;
    xsk_ring_prod__submit(&queue.fill, receive_frames);
  }

  static void write_mac(unsigned char* to, const std::string& text) {
    std::sscanf(text.c_str(), "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", to, to + 1, to + 2, to + 3, to + 4, to + 5);
  }

  // Everything but the destination and the header's checksum; the ICMP checksum of zeros behind the type is 0xf7ff.
  void write_frame(unsigned char* frame) const {
    std::memset(frame, 0, packet_bytes);
    write_mac(frame, options_.to_mac);
    write_mac(frame + 6, options_.from_mac);
    const std::array<unsigned char, 12> head{8, 0, 0x45, 0, 0, packet_bytes - 14, 0, 0, 0x40, 0, 64, 1};
    std::memcpy(frame + 12, head.data(), head.size());
    inet_pton(AF_INET, options_.source.c_str(), frame + 26);
    frame[34] = 8;
    frame[36] = 0xf7;
    frame[37] = 0xff;
  }
  static void address(unsigned char* frame, std::uint32_t to) {
    const std::uint32_t wire = htonl(to);
    std::memcpy(frame + 30, &wire, sizeof wire);
    frame[24] = frame[25] = 0;
    std::uint32_t sum = 0;
    for (int i = 14; i < 34; i += 2) sum += static_cast<std::uint32_t>(frame[i] << 8 | frame[i + 1]);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
    frame[24] = static_cast<unsigned char>(sum >> 8);
    frame[25] = static_cast<unsigned char>(sum);
  }

  void send() {
    Queue& queue = *queues_.front();
    std::uint32_t at = 0;
    const std::uint32_t done = xsk_ring_cons__peek(&queue.completed, send_frames, &at);
    for (std::uint32_t i = 0; i < done; ++i)
      free_.push_back(*xsk_ring_cons__comp_addr(&queue.completed, at + i));
    xsk_ring_cons__release(&queue.completed, done);
    const std::uint64_t room = options_.in_flight - std::min(options_.in_flight, sent_ - received_);
    const auto count = static_cast<std::uint32_t>(
        std::min<std::uint64_t>({room, batch, free_.size(), options_.targets - sent_}));
    if (count == 0) return;
    static const std::uint32_t first = [this] {
      in_addr base{};
      inet_pton(AF_INET, options_.first.c_str(), &base);
      return ntohl(base.s_addr);
    }();
    expect(xsk_ring_prod__reserve(&queue.send, count, &at) == count, "send ring");
    for (std::uint32_t i = 0; i < count; ++i) {
      address(memory_ + free_.back(), first + static_cast<std::uint32_t>(sent_++));
      *xsk_ring_prod__tx_desc(&queue.send, at + i) = {free_.back(), packet_bytes, 0};
      free_.pop_back();
    }
    xsk_ring_prod__submit(&queue.send, count);
    ::sendto(xsk_socket__fd(queue.socket), nullptr, 0, MSG_DONTWAIT, nullptr, 0);
  }

  void receive() {
    for (const auto& queue : queues_) {
      std::uint32_t at = 0, to = 0;
      const std::uint32_t count = xsk_ring_cons__peek(&queue->received, receive_frames, &at);
      if (count == 0) continue;
      xsk_ring_prod__reserve(&queue->fill, count, &to);
      for (std::uint32_t i = 0; i < count; ++i)
        *xsk_ring_prod__fill_addr(&queue->fill, to + i) =
            xsk_ring_cons__rx_desc(&queue->received, at + i)->addr / frame_bytes * frame_bytes;
      xsk_ring_prod__submit(&queue->fill, count);
      xsk_ring_cons__release(&queue->received, count);
      received_ += count;
    }
  }

  Options options_;
  unsigned char* memory_ = nullptr;
  xsk_umem* umem_ = nullptr;
  int map_ = -1;
  std::vector<std::unique_ptr<Queue>> queues_;
  std::vector<std::uint64_t> free_;
  std::uint64_t sent_ = 0, received_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("The reference for sweeps by AF_XDP.");
  app.add_option("--device", options.device)->required();
  app.add_option("--object", options.object, "reflector.bpf.o")->required();
  app.add_option("--source", options.source)->required();
  app.add_option("--from-mac", options.from_mac)->required();
  app.add_option("--to-mac", options.to_mac)->required();
  app.add_option("--first", options.first);
  app.add_option("--targets", options.targets);
  app.add_option("--in-flight", options.in_flight);
  app.add_option("--queues", options.queues);
  CLI11_PARSE(app, argc, argv);
  Loop(options).run();
}
