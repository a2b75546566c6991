// dns_server.hpp: a DNS server on loopback that answers from a table, for tests of the resolver.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/file_descriptor.hpp"
#include "resolve/resolver.hpp"

namespace sonde::test {

enum class RecordType : std::uint16_t { a = 1, cname = 5, ptr = 12, aaaa = 28 };

struct DnsRecord {
  RecordType type = RecordType::a;
  std::string data;  // an address, or a name
  std::uint32_t ttl = 300;
  std::string owner = {};  // empty: the name asked for
};

struct DnsAnswer {
  static constexpr std::uint8_t no_error = 0, servfail = 2, nxdomain = 3, refused = 5;
  std::uint8_t code = no_error;
  std::vector<DnsRecord> records;
  bool silent = false;
};

// Serves UDP on loopback on a thread of its own. Names that are not in the table get NXDOMAIN; types that
// are not there of a name that is get an empty answer. All functions may be called while it serves.
class DnsServer {
 public:
  // On `port`, or one that is free.
  explicit DnsServer(const std::string& host = "127.0.0.1", std::uint16_t port = 0);
  ~DnsServer();

  std::string address() const { return host_ + ":" + std::to_string(port_); }
  std::uint16_t port() const { return port_; }
  void set(const std::string& name, RecordType type, DnsAnswer answer);
  void set(const std::string& name,
           std::vector<DnsRecord> records);               // the records of each type; others are empty
  void fail(const std::string& name, std::uint8_t code);  // all types
  void be_silent(const std::string& name);
  void forget(const std::string& name);
  int queries() const { return queries_; }

 private:
  void serve();
  DnsAnswer answer_to(const std::string& name, std::uint16_t type);

  net::FileDescriptor socket_, stop_;
  std::string host_;
  std::uint16_t port_ = 0;
  std::atomic<int> queries_ = 0;
  std::mutex mutex_;  // guards table_
  std::map<std::string, std::map<std::uint16_t, DnsAnswer>> table_;
  std::thread thread_;
};

// Options that ask only `server`, with the given files in place of the system's.
resolve::ResolverOptions options_for(const DnsServer& server);

// Lets the resolver work until `done`, at most `limit`. False: the time was over.
bool run_until(resolve::Resolver& resolver, const std::function<bool()>& done,
               std::chrono::milliseconds limit = std::chrono::seconds(10));

// Looks up one name and waits for the answer.
Result<resolve::Resolution> resolve_now(resolve::Resolver& resolver, const std::string& name,
                                        resolve::FamilyFilter filter = resolve::FamilyFilter::any);

// The addresses as text, in order, "192.0.2.1 2001:db8::1"; or the error's message.
std::string text_of(const Result<resolve::Resolution>& resolution);

}  // namespace sonde::test
