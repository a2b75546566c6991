// answer_program.hpp: the program that hands answers to AF_XDP sockets, loaded and attached to a device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

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

  // What the program knows of a receive queue, in memory that it shares; as in answers.bpf.c.
  struct Queue {
    std::uint64_t given = 0;  // answers put into the ring of its socket; the program's
    std::uint64_t taken = 0;  // how many of those have made room again; who reads them keeps account
    std::uint64_t room = 0;
    std::uint32_t first_identifier = 0, identifiers = 0;
    std::uint64_t unused[4]{};
  };

  // From now on answers of ours that come in by that queue go to the socket, as long as no more than `room` of them wait or are looked
  // at. Requires: queue < most_queues.
  Result<Queue*> bind(std::uint32_t queue, int socket, std::size_t room);
  // From now on answers with that identifier are ours, and those with any between it and the first that was told, upwards.
  void expect(std::uint16_t identifier);

 private:
  struct Loaded;
  explicit AnswerProgram(std::unique_ptr<Loaded> loaded);
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace sonde::xdp
