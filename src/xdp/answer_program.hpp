// answer_program.hpp: the program that hands answers to AF_XDP sockets, loaded and attached to a device.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sonde/address.hpp"
#include "sonde/error.hpp"

namespace sonde::xdp {

// Attached as long as it lives, and gone with the process whatever ends that (a BPF link). Threads: one owner.
class AnswerProgram {
 public:
  static constexpr std::uint32_t most_queues = 64;

  // Needs CAP_BPF and CAP_NET_ADMIN (before Linux 5.8 CAP_SYS_ADMIN).
  // Errors: permission_denied; unavailable where the device has a program already (EBUSY), or where this build has
  // none; system.
  static Result<std::unique_ptr<AnswerProgram>> attach(std::uint32_t interface_index,
                                                       const std::string& interface);
  ~AnswerProgram();
  AnswerProgram(const AnswerProgram&) = delete;
  AnswerProgram& operator=(const AnswerProgram&) = delete;

  // From now on answers of ours that come in by that queue go to the socket. Requires: queue < most_queues.
  Result<void> bind(std::uint32_t queue, int socket);
  // From now on answers with that identifier, in that family, are ours when they come by a queue of that thread, which are
  // those whose number is its own modulo `threads`.
  Result<void> expect(Family family, std::uint16_t identifier, std::uint32_t thread, std::uint32_t threads);

 private:
  struct Loaded;
  explicit AnswerProgram(std::unique_ptr<Loaded> loaded);
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace sonde::xdp
