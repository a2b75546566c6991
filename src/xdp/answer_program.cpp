// answer_program.cpp: see answer_program.hpp.
#include "xdp/answer_program.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_ether.h>

#include <cerrno>
#include <utility>

#include "xdp/answers_object.hpp"

namespace sonde::xdp {

namespace {

struct Asker {  // as in answers.bpf.c
  std::uint32_t protocol;
  std::uint16_t thread, threads;
};

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

}  // namespace

struct AnswerProgram::Loaded {
  bpf_object* object = nullptr;
  bpf_link* link = nullptr;
  int sockets = -1, identifiers = -1;  // maps

  Loaded() = default;
  Loaded(const Loaded&) = delete;
  Loaded& operator=(const Loaded&) = delete;
  ~Loaded() {
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
  loaded->identifiers = bpf_object__find_map_fd_by_name(loaded->object, "identifiers");
  bpf_program* program = bpf_object__find_program_by_name(loaded->object, "take_answers");
  loaded->link = bpf_program__attach_xdp(program, static_cast<int>(interface_index));
  if (loaded->link == nullptr)
    return std::unexpected(failure(errno, "cannot attach the XDP program", interface));
  return std::unique_ptr<AnswerProgram>(new AnswerProgram(std::move(loaded)));
}

Result<void> AnswerProgram::bind(std::uint32_t queue, int socket) {
  if (bpf_map_update_elem(loaded_->sockets, &queue, &socket, BPF_ANY) != 0)
    return std::unexpected(Error::from_errno(errno, "cannot tell the XDP program of a socket"));
  return {};
}

Result<void> AnswerProgram::expect(Family family, std::uint16_t identifier, std::uint32_t thread,
                                   std::uint32_t threads) {
  const std::uint32_t key = identifier;
  const Asker asker{.protocol = family == Family::ipv4 ? std::uint32_t{ETH_P_IP} : std::uint32_t{ETH_P_IPV6},
                    .thread = static_cast<std::uint16_t>(thread),
                    .threads = static_cast<std::uint16_t>(threads)};
  if (bpf_map_update_elem(loaded_->identifiers, &key, &asker, BPF_ANY) != 0)
    return std::unexpected(Error::from_errno(errno, "cannot tell the XDP program of an identifier"));
  return {};
}

}  // namespace sonde::xdp
