// tracee.cpp: registers and memory of a traced thread, on x86-64 and ARM64.
#include "lab/tracee.hpp"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <string_view>

namespace sonde::lab {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_X86_64;
constexpr std::size_t first_untouched = 0;
using Registers = user_regs_struct;

std::array<unsigned long long*, 6> arguments_of(Registers& registers) {
  return {&registers.rdi, &registers.rsi, &registers.rdx, &registers.r10, &registers.r8, &registers.r9};
}
std::int64_t number_of(const Registers& registers) {
  return static_cast<std::int64_t>(registers.orig_rax);
}
void set_result(Registers& registers, std::int64_t result) {
  registers.rax = static_cast<unsigned long long>(result);
}
void set_number_of(pid_t /*thread*/, Registers& registers, std::int64_t number) {
  registers.orig_rax = static_cast<unsigned long long>(number);
}
#elif defined(__aarch64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_AARCH64;
constexpr std::size_t first_untouched = 1;  // the result is where the first argument was
using Registers = user_regs_struct;

std::array<unsigned long long*, 6> arguments_of(Registers& registers) {
  return {&registers.regs[0], &registers.regs[1], &registers.regs[2],
          &registers.regs[3], &registers.regs[4], &registers.regs[5]};
}
std::int64_t number_of(const Registers& registers) {
  return static_cast<std::int64_t>(registers.regs[8]);
}
void set_result(Registers& registers, std::int64_t result) {
  registers.regs[0] = static_cast<unsigned long long>(result);
}
// Which call it is, is not among the registers.
void set_number_of(pid_t thread, Registers& /*registers*/, std::int64_t number) {
  constexpr long system_call = 0x404;  // NT_ARM_SYSTEM_CALL
  int value = static_cast<int>(number);
  iovec part{&value, sizeof value};
  ::ptrace(PTRACE_SETREGSET, thread, system_call, &part);
}
#else
#error "the tracer knows the registers of x86-64 and ARM64 only"
#endif

bool get(pid_t thread, Registers& registers) {
  iovec part{&registers, sizeof registers};
  return ::ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &part) == 0;
}

void put(pid_t thread, Registers& registers) {
  iovec part{&registers, sizeof registers};
  ::ptrace(PTRACE_SETREGSET, thread, NT_PRSTATUS, &part);
}

}  // namespace

TracedCall::TracedCall(pid_t thread) : thread_(thread) {
  Registers registers{};
  if (!get(thread, registers)) return;
  number_ = number_of(registers);
  const auto from = arguments_of(registers);
  for (std::size_t i = 0; i < from.size(); ++i) arguments_.at(i) = *from.at(i);
}

void TracedCall::set_argument(std::size_t which, std::uint64_t value) {
  Registers registers{};
  if (!get(thread_, registers)) return;
  if (!changed_from_) changed_from_ = arguments_;
  *arguments_of(registers).at(which) = value;
  put(thread_, registers);
  arguments_.at(which) = value;
}

void TracedCall::put_back(pid_t thread, const Arguments& arguments) {
  Registers registers{};
  if (!get(thread, registers)) return;
  const auto to = arguments_of(registers);
  for (std::size_t i = first_untouched; i < to.size(); ++i) *to.at(i) = arguments.at(i);
  put(thread, registers);
}

void TracedCall::set_number(std::int64_t number) {
  Registers registers{};
  if (!get(thread_, registers)) return;
  set_number_of(thread_, registers, number);
  put(thread_, registers);
  number_ = number;
}

void TracedCall::fail(int system_errno) {
  Registers registers{};
  if (!get(thread_, registers)) return;
  set_number_of(thread_, registers, -1);
  set_result(registers, -system_errno);
  put(thread_, registers);
}

bool TracedCall::read(std::uint64_t address, void* into, std::size_t bytes) const {
  iovec here{into, bytes};
  // Of another process. NOLINTNEXTLINE(performance-no-int-to-ptr)
  iovec there{reinterpret_cast<void*>(address), bytes};
  return ::process_vm_readv(thread_, &here, 1, &there, 1, 0) == static_cast<ssize_t>(bytes);
}

std::string TracedCall::text_at(std::uint64_t address) const {
  constexpr std::uint64_t page = 4096;
  std::string text;
  while (text.size() < page) {
    std::array<char, page> part{};
    // What lies behind the end of a page may not be there.
    const std::size_t bytes = page - address % page;
    if (!read(address, part.data(), bytes)) return text;
    const std::string_view text_part(part.data(), bytes);
    const std::size_t end = std::min(text_part.find('\0'), bytes);
    text.append(text_part.substr(0, end));
    if (end != bytes) return text;
    address += bytes;
  }
  return text;
}

std::string TracedCall::link(const std::string& name) const {
  std::array<char, 4096> target{};
  const ssize_t bytes =
      ::readlink(fmt::format("/proc/{}/{}", thread_, name).c_str(), target.data(), target.size());
  return bytes < 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(bytes));
}

std::string TracedCall::file_of(int descriptor) const {
  return link(fmt::format("fd/{}", descriptor));
}

std::string TracedCall::path(int directory, std::uint64_t address) const {
  std::string text = text_at(address);
  if (text.starts_with('/')) return text;
  const std::string base = directory == AT_FDCWD ? link("cwd") : file_of(directory);
  return text.empty() ? base : base + "/" + text;
}

pid_t TracedCall::process() const {
  std::ifstream status(fmt::format("/proc/{}/status", thread_));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Tgid:")) return static_cast<pid_t>(std::stol(line.substr(5)));
  }
  return thread_;
}

bool trap_calls(const std::vector<std::int64_t>& numbers) {
  std::vector<sock_filter> filter{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, architecture, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
  };
  for (const std::int64_t number : numbers) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  // Without it only root may. Programs of set-user-ID are not what is traced.
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace sonde::lab
