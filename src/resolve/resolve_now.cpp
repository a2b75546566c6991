// resolve_now.cpp: see resolve_now.hpp.
#include "resolve/resolve_now.hpp"

#include <utility>

#include "net/wait.hpp"
#include "resolve/resolver.hpp"

namespace sonde::resolve {
namespace {

FamilyFilter filter_of(std::optional<Family> family) {
  if (!family) return FamilyFilter::any;
  return *family == Family::ipv4 ? FamilyFilter::ipv4 : FamilyFilter::ipv6;
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
    pollfd waited_for{resolver->fd(), POLLIN, 0};
    net::wait_until(std::span(&waited_for, 1), net::earlier(until, resolver->next_deadline()));
  }
  return std::move(*answer);
}

}  // namespace sonde::resolve
