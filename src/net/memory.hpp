// memory.hpp: memory asked for on behalf of C libraries that do not survive having none.
#pragma once

#include <cstddef>
#include <new>

namespace sonde::net {

// Throws std::bad_alloc unless as much is to be had as such a library takes. Known ones, both of Debian 12: glibc's
// getaddrinfo() and ncurses' newterm() crash where memory ends within them.
inline void need_memory() {
  constexpr std::size_t bytes = std::size_t{512} * 1024;
  ::operator delete(::operator new(bytes));
}

}  // namespace sonde::net
