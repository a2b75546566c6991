// memory.hpp: memory asked for before a C library is, that does not survive having none.
#pragma once

#include <cstddef>
#include <new>

namespace sonde::net {

// Throws std::bad_alloc unless as much is to be had as getaddrinfo() takes: that of glibc 2.36 crashes where memory ends
// within it.
inline void need_memory_to_resolve() {
  constexpr std::size_t bytes = std::size_t{512} * 1024;
  ::operator delete(::operator new(bytes));
}

}  // namespace sonde::net
