// system_lookup.hpp: names that only the system's own modules know (NSS: mDNS, systemd-resolved, containers),
// looked up by getaddrinfo, which blocks, on threads of their own.
//
// Threads start when they are needed, up to `max_threads`, so that a few look-ups that hang for seconds do
// not delay the others. They are detached and own, shared, all they touch: destroying a SystemLookup, or
// ending the program, never waits for a getaddrinfo that is under way. They take no signals. Where no thread is to be had
// the one that asks waits for the answer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "resolve/resolution.hpp"

namespace sonde::resolve {

// A blocking look-up; called on several threads at once.
using BlockingLookup = std::function<Result<Resolution>(const std::string& name, FamilyFilter filter)>;

// getaddrinfo. Names that are not ASCII are taken as international ones (IDNA) in the locale's encoding.
Result<Resolution> getaddrinfo_lookup(const std::string& name, FamilyFilter filter);

class SystemLookup {
 public:
  // Errors: resource_limit when there is no descriptor left.
  static Result<SystemLookup> open(BlockingLookup lookup, unsigned max_threads = 8);
  SystemLookup(SystemLookup&&) = default;
  SystemLookup& operator=(SystemLookup&&) = delete;
  ~SystemLookup();

  // Readable when finished() has something.
  int fd() const;
  // Starts a look-up; `id` comes back with its answer.
  void submit(std::uint64_t id, std::string name, FamilyFilter filter);

  struct Answer {
    std::uint64_t id = 0;
    Result<Resolution> resolution;
  };
  // Takes the answers that have come.
  std::vector<Answer> finished();

 private:
  struct Shared;
  explicit SystemLookup(std::shared_ptr<Shared> shared);
  static Result<Resolution> look_up(const Shared& shared, const std::string& name, FamilyFilter filter);
  static void work(const std::shared_ptr<Shared>& shared);
  bool start_thread();

  std::shared_ptr<Shared> shared_;
};

}  // namespace sonde::resolve
