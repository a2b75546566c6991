// system_lookup.cpp: getaddrinfo on detached threads.
#include "resolve/system_lookup.hpp"

#include <netdb.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <new>

#include "net/file_descriptor.hpp"
#include "net/memory.hpp"
#include "net/socket_address.hpp"
#include "net/thread.hpp"

namespace sonde::resolve {
namespace {

Error lookup_error(int status, int system_errno, const std::string& name, FamilyFilter filter) {
  switch (status) {
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
      return no_address(name, filter);
    case EAI_NONAME:
      return {.code = ErrorCode::not_found, .what = "no such name", .subject = name, .hint = {}};
    case EAI_SYSTEM:
      return Error::from_errno(system_errno, "name lookup failed", name);
    default:
      return {.code = ErrorCode::unavailable,
              .what = std::string("name lookup failed (") + ::gai_strerror(status) + ")",
              .subject = name,
              .hint = {}};
  }
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char letter) { return (letter & 0x80) == 0; });
}

}  // namespace

Result<Resolution> getaddrinfo_lookup(const std::string& name, FamilyFilter filter) {
  addrinfo hints{};
  hints.ai_family = filter == FamilyFilter::any    ? AF_UNSPEC
                    : filter == FamilyFilter::ipv4 ? AF_INET
                                                   : AF_INET6;
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_CANONNAME | (is_ascii(name) ? 0 : AI_IDN);
  net::need_memory();
  addrinfo* list = nullptr;
  const int status = ::getaddrinfo(name.c_str(), nullptr, &hints, &list);
  if (status != 0) return std::unexpected(lookup_error(status, errno, name, filter));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  Resolution resolution;
  resolution.canonical_name = list->ai_canonname != nullptr ? list->ai_canonname : name;
  for (const addrinfo* node = list; node != nullptr; node = node->ai_next) {
    if (const auto address = net::SocketAddress::from(node->ai_addr, node->ai_addrlen)) {
      resolution.addresses.push_back({address->address(), default_ttl});
    }
  }
  return filtered(std::move(resolution), name, filter);
}

struct SystemLookup::Shared {
  struct Job {
    std::uint64_t id = 0;
    std::string name;
    FamilyFilter filter = FamilyFilter::any;
  };

  BlockingLookup lookup;         // immutable
  unsigned max_threads = 0;      // immutable
  net::FileDescriptor event;     // immutable; written under the mutex, so that it is not after the end
  std::mutex mutex;              // guards what follows
  std::condition_variable work;  // a job is there, or stopping
  std::deque<Job> jobs;
  std::vector<Answer> answers;
  std::size_t unanswered = 0;  // submitted, and not taken; there is room for as many answers
  unsigned threads = 0, idle = 0;
  bool stopping = false;

  void answer(std::uint64_t id, Result<Resolution> resolution) {
    answers.push_back({id, std::move(resolution)});
    ::eventfd_write(event.get(), 1);
  }
};

SystemLookup::SystemLookup(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

Result<SystemLookup> SystemLookup::open(BlockingLookup lookup, unsigned max_threads) {
  auto shared = std::make_shared<Shared>();
  shared->lookup = std::move(lookup);
  shared->max_threads = max_threads;
  shared->event.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!shared->event) return std::unexpected(Error::from_errno(errno, "cannot open an event descriptor"));
  return SystemLookup(std::move(shared));
}

SystemLookup::~SystemLookup() {
  if (!shared_) return;
  const std::lock_guard lock(shared_->mutex);
  shared_->stopping = true;
  shared_->work.notify_all();
}

int SystemLookup::fd() const {
  return shared_->event.get();
}

Result<Resolution> SystemLookup::look_up(const Shared& shared, const std::string& name, FamilyFilter filter) {
  try {
    return shared.lookup(name, filter);
  } catch (const std::bad_alloc&) {
    return std::unexpected(net::out_of_memory());
  }
}

void SystemLookup::work(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  while (true) {
    ++shared->idle;
    shared->work.wait(lock, [&] { return shared->stopping || !shared->jobs.empty(); });
    --shared->idle;
    if (shared->stopping) return;
    const Shared::Job job = std::move(shared->jobs.front());
    shared->jobs.pop_front();
    lock.unlock();
    auto resolution = look_up(*shared, job.name, job.filter);
    lock.lock();
    if (shared->stopping) return;
    shared->answer(job.id, std::move(resolution));
  }
}

bool SystemLookup::start_thread() {
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  auto started = net::start_thread([shared = shared_] { work(shared); });
  if (started) started->detach();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started.has_value();
}

void SystemLookup::submit(std::uint64_t id, std::string name, FamilyFilter filter) {
  const std::lock_guard lock(shared_->mutex);
  shared_->answers.reserve(
      ++shared_->unanswered);  // a thread of theirs has nobody to tell that there is no memory
  shared_->jobs.push_back({id, std::move(name), filter});
  if (shared_->idle < shared_->jobs.size() && shared_->threads < shared_->max_threads && start_thread()) {
    ++shared_->threads;
  }
  if (shared_->threads == 0) {
    // No thread to be had: the caller waits for the system himself.
    const std::string asked = std::move(shared_->jobs.back().name);
    shared_->jobs.pop_back();
    return shared_->answer(id, look_up(*shared_, asked, filter));
  }
  shared_->work.notify_one();
}

std::vector<SystemLookup::Answer> SystemLookup::finished() {
  const std::lock_guard lock(shared_->mutex);
  eventfd_t count = 0;
  ::eventfd_read(shared_->event.get(), &count);
  std::vector<Answer> answers = std::exchange(shared_->answers, {});
  shared_->unanswered -= answers.size();
  shared_->answers.reserve(shared_->unanswered);
  return answers;
}

}  // namespace sonde::resolve
