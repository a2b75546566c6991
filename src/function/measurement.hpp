// measurement.hpp: one invocation's measuring: names are resolved, every address passes the gate, then all are
// probed side by side, until everything is answered or the deadline has come. With `auto`, an address family of which nobody
// answers is asked by another way that somebody answers.
//
// Poll-driven as sonde::Session is: wait until one of descriptors() is readable or next_deadline() has come, call
// process(), again until done(). Any number may run on one thread. One thread at a time.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "function/answer.hpp"
#include "function/gate.hpp"
#include "function/request.hpp"
#include "resolve/resolver.hpp"

namespace sonde::function {

// What all invocations of a program have in common.
struct MeasuringOptions {
  Gate gate;
  resolve::ResolverOptions resolver;
};

// The resolver as functions use it: the hosts file and DNS. The system's modules are left out: a self-contained
// program cannot load them, and what they know is about the machine.
resolve::ResolverOptions self_contained_resolver();

class Measurement {
 public:
  // Starts. At `deadline` it is done, with what there is then. `options` must outlive it. What fails, fails in the answer.
  Measurement(Request request, const MeasuringOptions& options, MonotonicTime deadline);
  Measurement(Measurement&&) noexcept;
  Measurement& operator=(Measurement&&) noexcept;
  ~Measurement();

  // -1: none.
  std::array<int, 2> descriptors() const;
  MonotonicTime next_deadline() const;
  // Never blocks.
  void process();
  bool done() const;
  // What there is so far; complete when every probe has its verdict.
  Answer answer() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// Runs it on the calling thread, until it is done or `stop` (a descriptor, -1: none) is readable.
Answer run(Measurement measurement, int stop);

}  // namespace sonde::function
