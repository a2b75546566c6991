// thread.hpp: a thread, or why there is none.
#pragma once

#include <concepts>
#include <system_error>
#include <thread>
#include <utility>

#include "sonde/error.hpp"

namespace sonde::net {

inline Error thread_refused(int system_errno) {
  Error error = Error::from_errno(system_errno, "cannot start a thread", {},
                                  "`ulimit -u` and the control group's pids.max say how many there may be");
  error.code = ErrorCode::resource_limit;
  return error;
}

// Errors: resource_limit. Without memory for what goes along, std::bad_alloc is thrown.
template <std::invocable Body>
Result<std::jthread> start_thread(Body body) {
  try {
    return std::jthread(std::move(body));
  } catch (const std::system_error& error) {
    return std::unexpected(thread_refused(error.code().value()));
  }
}

// Whether `wanted` threads may run at once, tried with threads that do nothing: before there is anything to undo. Others may
// take them meanwhile.
Result<void> try_threads(unsigned wanted);

// What a thread ends with that is out of memory: there is nobody there to throw to.
inline Error out_of_memory() {
  return {ErrorCode::resource_limit, 0, "out of memory", {}, {}};
}

}  // namespace sonde::net
