// dns_server.cpp: just enough DNS (RFC 1035) to answer one question per packet.
#include "resolve/dns_server.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "net/socket_address.hpp"

namespace sonde::test {
namespace {

using Packet = std::vector<std::uint8_t>;

void put16(Packet& packet, unsigned value) {
  packet.push_back(static_cast<std::uint8_t>(value >> 8));
  packet.push_back(static_cast<std::uint8_t>(value & 0xff));
}

void put_name(Packet& packet, const std::string& name) {
  for (std::size_t from = 0; from < name.size();) {
    const std::size_t dot = std::min(name.find('.', from), name.size());
    packet.push_back(static_cast<std::uint8_t>(dot - from));
    packet.insert(packet.end(), name.begin() + static_cast<std::ptrdiff_t>(from),
                  name.begin() + static_cast<std::ptrdiff_t>(dot));
    from = dot + 1;
  }
  packet.push_back(0);
}

Packet record_data(const DnsRecord& record) {
  Packet data;
  if (record.type == RecordType::a || record.type == RecordType::aaaa) {
    const Address address = Address::parse(record.data).value();
    for (const std::byte byte : address.bytes()) data.push_back(std::to_integer<std::uint8_t>(byte));
  } else {
    put_name(data, record.data);
  }
  return data;
}

struct Question {
  std::string name;
  std::uint16_t type = 0;
  std::size_t end = 0;
};

Question read_question(const Packet& query) {
  Question question;
  std::size_t at = 12;
  while (at < query.size() && query[at] != 0) {
    if (!question.name.empty()) question.name += '.';
    question.name.append(query.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                         query.begin() + static_cast<std::ptrdiff_t>(at) + 1 + query[at]);
    at += 1u + query[at];
  }
  question.type = static_cast<std::uint16_t>((query.at(at + 1) << 8) | query.at(at + 2));
  question.end = at + 5;
  return question;
}

Packet response_to(const Packet& query, const Question& question, const DnsAnswer& answer) {
  Packet packet(query.begin(), query.begin() + static_cast<std::ptrdiff_t>(question.end));
  packet[2] = 0x81;  // a response, recursion desired
  packet[3] = static_cast<std::uint8_t>(0x80 | answer.code);
  packet[6] = 0;
  packet[7] = static_cast<std::uint8_t>(answer.records.size());
  std::fill(packet.begin() + 8, packet.begin() + 12, std::uint8_t{0});
  for (const DnsRecord& record : answer.records) {
    put_name(packet, record.owner.empty() ? question.name : record.owner);
    put16(packet, static_cast<unsigned>(record.type));
    put16(packet, 1);
    put16(packet, record.ttl >> 16);
    put16(packet, record.ttl & 0xffff);
    const Packet data = record_data(record);
    put16(packet, static_cast<unsigned>(data.size()));
    packet.insert(packet.end(), data.begin(), data.end());
  }
  return packet;
}

constexpr std::uint16_t any_type = 255;

}  // namespace

DnsServer::DnsServer(const std::string& host, std::uint16_t port) : host_(host) {
  socket_.reset(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  // A server that is slow to look loses nothing: more than a thousand questions. (Root alone may have so much.)
  constexpr int bytes = 8 << 20;
  if (::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  const auto loopback = net::SocketAddress::from(Address::parse(host).value(), port);
  if (::bind(socket_.get(), loopback.data(), loopback.size()) != 0) ADD_FAILURE() << "bind";
  port_ = net::SocketAddress::of_socket(socket_.get())->port();
  stop_.reset(::eventfd(0, EFD_CLOEXEC));
  thread_ = std::thread([this] { serve(); });
}

DnsServer::~DnsServer() {
  ::eventfd_write(stop_.get(), 1);
  thread_.join();
}

void DnsServer::set(const std::string& name, RecordType type, DnsAnswer answer) {
  const std::lock_guard lock(mutex_);
  table_[name][static_cast<std::uint16_t>(type)] = std::move(answer);
}

void DnsServer::set(const std::string& name, std::vector<DnsRecord> records) {
  const std::lock_guard lock(mutex_);
  auto& types = table_[name];
  types.clear();
  types[any_type] = {};
  for (auto& record : records)
    types[static_cast<std::uint16_t>(record.type)].records.push_back(std::move(record));
}

void DnsServer::fail(const std::string& name, std::uint8_t code) {
  const std::lock_guard lock(mutex_);
  table_[name] = {{any_type, {.code = code, .records = {}, .silent = false}}};
}

void DnsServer::be_silent(const std::string& name) {
  const std::lock_guard lock(mutex_);
  table_[name] = {{any_type, {.code = 0, .records = {}, .silent = true}}};
}

void DnsServer::forget(const std::string& name) {
  const std::lock_guard lock(mutex_);
  table_.erase(name);
}

DnsAnswer DnsServer::answer_to(const std::string& name, std::uint16_t type) {
  const std::lock_guard lock(mutex_);
  const auto found = table_.find(name);
  if (found == table_.end()) return {.code = DnsAnswer::nxdomain, .records = {}, .silent = false};
  if (const auto typed = found->second.find(type); typed != found->second.end()) return typed->second;
  if (const auto any = found->second.find(any_type); any != found->second.end()) return any->second;
  return {};
}

void DnsServer::serve() {
  std::array<pollfd, 2> descriptors{{{socket_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
  while (::poll(descriptors.data(), descriptors.size(), -1) >= 0 && descriptors[1].revents == 0) {
    Packet query(1500);
    net::SocketAddress from;
    socklen_t from_bytes = net::SocketAddress::capacity();
    const auto length = ::recvfrom(socket_.get(), query.data(), query.size(), 0, from.data(), &from_bytes);
    if (length < 12) continue;
    query.resize(static_cast<std::size_t>(length));
    ++queries_;
    const Question question = read_question(query);
    const DnsAnswer answer = answer_to(question.name, question.type);
    if (answer.silent) continue;
    const Packet response = response_to(query, question, answer);
    ::sendto(socket_.get(), response.data(), response.size(), 0, from.data(), from_bytes);
  }
}

resolve::ResolverOptions options_for(const DnsServer& server) {
  resolve::ResolverOptions options;
  options.dns.servers = server.address();
  options.dns.search = false;
  options.dns.resolv_conf = "/dev/null";
  options.dns.query_timeout = std::chrono::milliseconds(300);
  options.dns.tries = 2;
  options.hosts_file = "/dev/null";
  options.nsswitch_file = "/dev/null";
  options.system_lookup = [](const std::string& name, resolve::FamilyFilter) -> Result<resolve::Resolution> {
    return std::unexpected(Error::invalid("the test asks the system", name));
  };
  return options;
}

bool run_until(resolve::Resolver& resolver, const std::function<bool()>& done,
               std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= end) return false;
    // Every wait ends after 50 ms at the latest, since tests may stand the resolver's clock still.
    Nanoseconds wait = std::chrono::milliseconds(50);
    if (const auto deadline = resolver.next_deadline()) {
      wait = std::clamp(*deadline - Clock::system().monotonic(), Nanoseconds{}, wait);
    }
    pollfd descriptor{resolver.fd(), POLLIN, 0};
    const timespec timeout{.tv_sec = 0, .tv_nsec = static_cast<long>(wait.count())};
    ::ppoll(&descriptor, 1, &timeout, nullptr);
    resolver.process();
  }
  return true;
}

Result<resolve::Resolution> resolve_now(resolve::Resolver& resolver, const std::string& name,
                                        resolve::FamilyFilter filter) {
  std::optional<Result<resolve::Resolution>> answer;
  resolver.resolve(name, filter, [&](const auto& resolution) { answer = resolution; });
  if (!run_until(resolver, [&] { return answer.has_value(); })) {
    return std::unexpected(Error::invalid("the resolver never answered", name));
  }
  return *answer;
}

std::string text_of(const Result<resolve::Resolution>& resolution) {
  if (!resolution) return resolution.error().message();
  std::string text;
  for (const auto& [address, ttl] : resolution->addresses)
    text += (text.empty() ? "" : " ") + address.to_string();
  return text;
}

}  // namespace sonde::test
