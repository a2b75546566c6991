// resolver.hpp: names to addresses and back, asynchronously, again and again.
//
// A name is answered by the first that knows it: it is numeric; it is "localhost" or in /etc/hosts; DNS
// (c-ares); and, where nsswitch.conf has modules besides "files" and "dns", the system (getaddrinfo on
// threads of its own). What only such modules can know (".local" with mDNS, international names, everything
// where DNS is not configured) goes to them at once.
//
// Names are independent: none waits for the answer to another (up to `max_outstanding` of them). They are
// only started at a pace that servers and receive buffers can take: by the answers, or `window` in 50 ms
// where none come. Nothing of c-ares or nsswitch.conf is touched before the first name that needs it.
//
// Poll-driven: wait until fd() is readable or next_deadline() has come, call process(), again. Callbacks run
// inside process() only, and may call anything here but destroy the Resolver. One thread at a time.
// Destroying a Resolver never blocks; callbacks outstanding are then dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "resolve/dns_channel.hpp"
#include "resolve/resolution.hpp"
#include "resolve/system_lookup.hpp"
#include "sonde/time.hpp"

namespace sonde::resolve {

struct ResolverOptions {
  DnsOptions dns =
      DnsOptions();  // written out: GCC 12 destroys it twice where there is no memory for what follows
  std::string hosts_file = "/etc/hosts";
  std::string nsswitch_file = "/etc/nsswitch.conf";
  BlockingLookup system_lookup = &getaddrinfo_lookup;
  unsigned system_threads = 8;
  std::chrono::seconds minimum_ttl{5};  // no name is watched more closely than this
  std::chrono::seconds maximum_retry{
      60};  // a watched name that fails is tried again after minimum_ttl, doubling up to this
  std::chrono::seconds name_ttl{3600};   // how long the name of an address is kept (none: a tenth of it)
  std::size_t window = 100;              // look-ups started in the last 50 ms and unanswered
  std::size_t max_outstanding = 10'000;  // DNS look-ups under way; their query numbers are 16 bits wide
  std::size_t max_outstanding_reverse = 256;
  std::size_t max_cached_names = 65'536;
  const Clock* clock = nullptr;  // tests; null: the system's
};

enum class WatchId : std::uint64_t {};

class Resolver {
 public:
  using Callback = std::function<void(const Result<Resolution>&)>;
  using NameCallback = std::function<void(const Result<std::string>&)>;

  // Errors: resource_limit.
  static Result<Resolver> open(ResolverOptions options = {});
  Resolver(Resolver&&) noexcept;
  Resolver& operator=(Resolver&&) noexcept;
  ~Resolver();

  // Looks a name up once; `callback` is called once.
  // Errors: not_found (no such name, no address of the family), unavailable (server failed, refused, timed
  // out); the message names both the name and the answer.
  void resolve(std::string name, FamilyFilter filter, Callback callback);

  // Looks a name up now, and again whenever its TTL has passed. `callback` gets the first answer, good or
  // bad, and from then on each answer whose set of addresses is another. A failure after a good answer is not
  // told: the last good addresses stand, and the name is tried again. The address that was first stays first
  // as long as it is there.
  WatchId watch(std::string name, FamilyFilter filter, Callback callback);
  // No further call for this watch. Unknown ids are ignored.
  void unwatch(WatchId watch);

  // The name of an address, from the cache, the hosts file, or DNS (PTR). Waits behind all names that are to
  // be looked up, and is never in their way. Errors: as resolve().
  void reverse(const Address& address, NameCallback callback);
  // What reverse() would answer from the cache; nullptr when it is not (or no longer) there. Asks nobody.
  const Result<std::string>* cached_name(const Address& address) const;

  // Readable when process() has something to do before next_deadline(). The same for the Resolver's whole
  // life.
  int fd() const;
  // When process() must be called at the latest (it may lie in the past); nullopt: only when fd() is
  // readable.
  std::optional<MonotonicTime> next_deadline() const;
  // Never blocks.
  void process();
  // Nothing is under way. Watches may still wait for their next time.
  bool idle() const;

 private:
  class Implementation;
  explicit Resolver(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace sonde::resolve
