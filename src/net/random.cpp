// random.cpp: see random.hpp.
#include "net/random.hpp"

#include <sys/random.h>
#include <sys/types.h>

#include <cerrno>
#include <cstdlib>

namespace sonde::net {

std::array<std::byte, 16> random_key() {
  std::array<std::byte, 16> key{};
  std::size_t filled = 0;
  while (filled < key.size()) {
    const ssize_t got = ::getrandom(key.data() + filled, key.size() - filled, 0);
    if (got > 0) {
      filled += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      ::arc4random_buf(key.data(), key.size());  // by /dev/urandom, where a filter knows no getrandom
      break;
    }
  }
  return key;
}

}  // namespace sonde::net
