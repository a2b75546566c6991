// answer_program.cpp: see answer_program.hpp.
#include "xdp/answer_program.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include "xdp/answers_object.hpp"

namespace sonde::xdp {

namespace {

int say_nothing(libbpf_print_level /*level*/, const char* /*format*/, va_list /*arguments*/) {
  return 0;
}

Error failure(int system_errno, const char* what, const std::string& interface) {
  std::string hint;
  if (system_errno == EPERM || system_errno == EACCES) hint = "it needs CAP_BPF and CAP_NET_ADMIN";
  if (system_errno == EBUSY || system_errno == EEXIST)
    hint = "the device has an XDP program already: `ip link show " + interface + "`";
  return Error::from_errno(system_errno, what, interface, hint);
}

constexpr std::size_t queues_bytes = AnswerProgram::most_queues * sizeof(AnswerProgram::Queue);

}  // namespace

struct AnswerProgram::Loaded {
  bpf_object* object = nullptr;
  bpf_link* link = nullptr;
  int sockets = -1;           // a map
  std::span<Queue> queues{};  // a map, in memory

  Loaded() = default;
  Loaded(const Loaded&) = delete;
  Loaded& operator=(const Loaded&) = delete;
  ~Loaded() {
    if (!queues.empty()) ::munmap(queues.data(), queues_bytes);
    bpf_link__destroy(link);  // of nullptr: nothing
    bpf_object__close(object);
  }
};

AnswerProgram::AnswerProgram(std::unique_ptr<Loaded> loaded) : loaded_(std::move(loaded)) {}
AnswerProgram::~AnswerProgram() = default;

Result<std::unique_ptr<AnswerProgram>> AnswerProgram::attach(std::uint32_t interface_index,
                                                             const std::string& interface) {
  if (answers_object.empty()) {
    return std::unexpected(Error{ErrorCode::unavailable, 0, "this build has no program to receive by XDP",
                                 interface, "build it where clang is installed"});
  }
  // libbpf says on standard error what it returns as well.
  libbpf_set_print(say_nothing);
  auto loaded = std::make_unique<Loaded>();
  loaded->object = bpf_object__open_mem(answers_object.data(), answers_object.size(), nullptr);
  if (loaded->object == nullptr)
    return std::unexpected(failure(errno, "cannot read the XDP program", interface));
  if (const int status = bpf_object__load(loaded->object); status != 0)
    return std::unexpected(failure(-status, "cannot load the XDP program", interface));
  loaded->sockets = bpf_object__find_map_fd_by_name(loaded->object, "sockets");
  const int queues = bpf_object__find_map_fd_by_name(loaded->object, "queues");
  void* mapped = ::mmap(nullptr, queues_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, queues, 0);
  if (mapped == MAP_FAILED)
    return std::unexpected(failure(errno, "cannot share memory with the XDP program", interface));
  loaded->queues = {static_cast<Queue*>(mapped), most_queues};
  bpf_program* program = bpf_object__find_program_by_name(loaded->object, "take_answers");
  loaded->link = bpf_program__attach_xdp(program, static_cast<int>(interface_index));
  if (loaded->link == nullptr)
    return std::unexpected(failure(errno, "cannot attach the XDP program", interface));
  return std::unique_ptr<AnswerProgram>(new AnswerProgram(std::move(loaded)));
}

Result<AnswerProgram::Queue*> AnswerProgram::bind(std::uint32_t queue, int socket, std::size_t room) {
  if (bpf_map_update_elem(loaded_->sockets, &queue, &socket, BPF_ANY) != 0)
    return std::unexpected(Error::from_errno(errno, "cannot tell the XDP program of a socket"));
  Queue& bound = loaded_->queues[queue];
  bound.room = room;
  return &bound;
}

void AnswerProgram::expect(std::uint16_t identifier) {
  for (Queue& queue : loaded_->queues) {
    if (queue.identifiers == 0) queue.first_identifier = identifier;
    const auto place = static_cast<std::uint16_t>(identifier - queue.first_identifier);
    queue.identifiers = std::max(queue.identifiers, place + 1U);
  }
}

}  // namespace sonde::xdp
