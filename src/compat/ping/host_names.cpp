// host_names.cpp: see host_names.hpp.
#include "compat/ping/host_names.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>

#include "compat/lookup.hpp"
#include "net/file_descriptor.hpp"
#include "net/thread.hpp"

namespace sonde::compat::ping {

namespace {

// A look-up on a thread of its own, as the system's resolver cannot be interrupted. Both own it: whoever gives up first
// leaves it to the other.
struct NameSearch {
  explicit NameSearch(const Address& asked) : address(asked), done(::eventfd(0, EFD_CLOEXEC)) {}

  const Address address;
  const net::FileDescriptor done;  // readable once `name` is set, which then nobody writes
  std::optional<std::string> name;

  // Out of memory, which only this thread is told of, there is no name.
  void run_aside() noexcept {
    try {
      run();
    } catch (const std::bad_alloc&) {
      tell();
    }
  }

  void run() {
    name = name_of(address, NI_IDN);
    tell();
  }

  void tell() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(done.get(), &one, sizeof one);
  }
};

// False: interrupted before.
bool wait_for(const NameSearch& search, int interrupt) {
  if (!search.done) return true;
  std::array<pollfd, 2> waited_for{{{search.done.get(), POLLIN, 0}, {interrupt, POLLIN, 0}}};
  while (::poll(waited_for.data(), waited_for.size(), -1) < 0 && errno == EINTR) {
  }
  return (waited_for[0].revents & POLLIN) != 0;
}

}  // namespace

const std::string& HostNames::of(const Address& address) {
  const auto found = known_.find(address);
  if (found != known_.end()) return found->second;
  std::string text = address.to_string();
  if (!look_up_) return keep(address, std::move(text));
  const auto search = std::make_shared<NameSearch>(address);
  // Without a descriptor to wait on, or a thread, the resolver itself is waited for.
  Result<std::jthread> thread = std::unexpected(net::thread_refused(EMFILE));
  if (search->done) thread = net::start_thread([search] { search->run_aside(); });
  thread ? thread->detach() : search->run();
  if (!wait_for(*search, interrupt_)) return unnamed_ = std::move(text);
  if (search->name && *search->name != text) text = *search->name + " (" + text + ")";
  return keep(address, std::move(text));
}

const std::string& HostNames::keep(const Address& address, std::string text) {
  // Whoever forges sources must not fill memory.
  constexpr std::size_t most_known = 4096;
  if (known_.size() >= most_known) known_.clear();
  return known_.emplace(address, std::move(text)).first->second;
}

}  // namespace sonde::compat::ping
