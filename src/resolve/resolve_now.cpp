// resolve_now.cpp: see resolve_now.hpp.
#include "resolve/resolve_now.hpp"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "resolve/resolver.hpp"

namespace sonde::resolve {
namespace {

FamilyFilter filter_of(std::optional<Family> family) {
  if (!family) return FamilyFilter::any;
  return *family == Family::ipv4 ? FamilyFilter::ipv4 : FamilyFilter::ipv6;
}

// Until the descriptor is readable or the time has come.
void wait(int descriptor, MonotonicTime until) {
  const auto left = std::max<std::int64_t>(0, (until - Clock::system().monotonic()).count());
  const timespec timeout{static_cast<time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
  pollfd waited_for{descriptor, POLLIN, 0};
  ::ppoll(&waited_for, 1, &timeout, nullptr);
}

}  // namespace

Result<Resolution> resolve_now(const std::string& name, std::optional<Family> family, Nanoseconds patience) {
  auto resolver = Resolver::open();
  if (!resolver) return std::unexpected(resolver.error());
  std::optional<Result<Resolution>> answer;
  resolver->resolve(name, filter_of(family), [&answer](const auto& resolution) { answer = resolution; });
  const MonotonicTime until = Clock::system().monotonic() + patience;
  for (resolver->process(); !answer; resolver->process()) {
    if (Clock::system().monotonic() >= until) {
      return std::unexpected(Error{ErrorCode::unavailable, 0, "no answer from the name servers", name, {}});
    }
    wait(resolver->fd(), std::min(until, resolver->next_deadline().value_or(until)));
  }
  return std::move(*answer);
}

}  // namespace sonde::resolve
