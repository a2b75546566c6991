// rig.hpp: a Prober on a fake network and clock, with a book of everything it says, and a hand that moves
// time.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "engine/prober.hpp"
#include "fake_transport.hpp"

namespace sonde::test {

using engine::TargetIndex;

// Keeps the book and holds the prober to its word: one verdict per probe that was sent, `late` after `lost`
// alone.
class Book final : public engine::OutcomeSink {
 public:
  struct Entry {
    std::optional<TargetIndex> target;
    Event event;
  };
  struct Account {
    std::uint64_t sent = 0, skipped = 0;
    std::map<EventKind, std::uint64_t> kinds;  // `lost` without those that became late
    std::map<std::uint64_t, EventKind> verdicts;
    std::uint64_t count(EventKind kind) const {
      const auto found = kinds.find(kind);
      return found == kinds.end() ? 0 : found->second;
    }
    std::uint64_t verdict_count() const { return verdicts.size(); }
  };

  void sending(TargetIndex) override {}
  void sent(TargetIndex target) override { ++accounts[target].sent; }
  void skipped(TargetIndex target, std::uint64_t sends) override { accounts[target].skipped += sends; }
  void packet(const PacketView& packet) override {
    ++packets;
    if (packet.outgoing) outgoing_to.push_back(packet.to);
  }
  void outcome(std::optional<TargetIndex> target, Event& event) override {
    if (keep_events) entries.push_back({target, event});
    if (!target) {
      EXPECT_EQ(event.kind, EventKind::rejected);
      ++foreign;
      return;
    }
    ASSERT_TRUE(accounts.contains(*target)) << "an event for a target that sent nothing";
    Account& account = accounts[*target];
    ++account.kinds[event.kind];
    switch (event.kind) {
      case EventKind::reply:
      case EventKind::lost:
      case EventKind::error:
      case EventKind::local:
        EXPECT_LT(event.sequence, account.sent) << "a verdict on a probe that was never sent";
        EXPECT_TRUE(account.verdicts.emplace(event.sequence, event.kind).second)
            << "a second verdict on " << event.sequence;
        break;
      case EventKind::late: {
        const auto before = account.verdicts.find(event.sequence);
        ASSERT_NE(before, account.verdicts.end());
        EXPECT_EQ(before->second, EventKind::lost) << "late without having been lost";
        before->second = EventKind::late;
        --account.kinds[EventKind::lost];
        break;
      }
      case EventKind::duplicate:
        EXPECT_TRUE(account.verdicts.contains(event.sequence));
        break;
      case EventKind::rejected:
      case EventKind::note:
        break;
    }
  }

  const Account& of(TargetIndex target) { return accounts[target]; }
  std::vector<Event> all(EventKind kind) const {
    std::vector<Event> events;
    for (const Entry& entry : entries) {
      if (entry.event.kind == kind) events.push_back(entry.event);
    }
    return events;
  }

  std::map<TargetIndex, Account> accounts;
  std::vector<Entry> entries;
  std::vector<Address> outgoing_to;
  std::uint64_t foreign = 0;
  std::uint64_t packets = 0;
  bool keep_events = true;
};

class Rig {
 public:
  explicit Rig(engine::ProberOptions options = {}) : options_(options) { network.clock = &clock; }

  // Made when first asked for, so that a test may set things up before.
  engine::Prober& prober() {
    if (!prober_) {
      prober_ = std::make_unique<engine::Prober>(
          options_, clock,
          [this](Family family, const SocketOptions& asked) -> Result<transport::OpenedTransport> {
            if (transports.size() >= most_transports) {
              return std::unexpected(Error::from_errno(EMFILE, "cannot open an ICMP socket"));
            }
            asked_for.push_back(asked.transport);
            const auto identifier = static_cast<std::uint16_t>(100 + opened_ever++);
            auto opened = std::make_unique<FakeTransport>(network, family, identifier);
            opened->asks = asked.message;
            opened->closed = [this](FakeTransport& gone) { std::erase(transports, &gone); };
            transports.push_back(opened.get());
            return transport::OpenedTransport{std::move(opened), {}};
          },
          book);
    }
    return *prober_;
  }

  TargetIndex add(const Address& address, const TargetOptions& options, Nanoseconds phase = {}) {
    const TargetIndex index = prober().add(address, options, phase).value();
    book.accounts[index] = {};
    return index;
  }
  TargetIndex add(std::string_view address, const TargetOptions& options, Nanoseconds phase = {}) {
    return add(Address::parse(address).value(), options, phase);
  }

  // Turn after turn, each at the next moment when something is to be done, for `duration`.
  void run(Nanoseconds duration) {
    const MonotonicTime end = clock.monotonic() + duration;
    for (;;) {
      prober().process();
      const auto next = next_moment();
      if (!next || *next > end) break;
      // Being asked at once again costs some time too.
      clock.set(std::max(*next, clock.monotonic() + std::chrono::microseconds(5)));
    }
    clock.set(end);
    prober().process();
  }

  // Until everything has its verdict; false when that takes longer than `limit` of fake time.
  bool run_until_done(Nanoseconds limit = std::chrono::seconds(60)) {
    const MonotonicTime end = clock.monotonic() + limit;
    for (;;) {
      prober().process();
      if (prober().done()) return true;
      const auto next = next_moment();
      if (!next || *next > end) return false;
      clock.set(std::max(*next, clock.monotonic() + std::chrono::microseconds(5)));
    }
  }

  std::uint64_t in_flight(TargetIndex target) { return prober().target(target).waiting; }
  // sent = received + lost + late + errors + local + in flight, by the book.
  void expect_accounted(TargetIndex target) {
    const Book::Account& account = book.of(target);
    EXPECT_EQ(account.sent, account.verdict_count() + in_flight(target)) << "target " << target;
    EXPECT_EQ(account.verdict_count(), account.count(EventKind::reply) + account.count(EventKind::lost) +
                                           account.count(EventKind::late) + account.count(EventKind::error) +
                                           account.count(EventKind::local));
  }

  FakeClock clock;
  FakeNetwork network;
  Book book;
  std::vector<FakeTransport*> transports;  // that are open
  std::vector<TransportKind> asked_for;    // by SocketOptions::transport, of each
  std::size_t most_transports = 1000;
  std::size_t opened_ever = 0;

 private:
  std::optional<MonotonicTime> next_moment() {
    auto next = prober().pause();
    for (const FakeTransport* transport : transports) {
      const auto event = transport->next_event();
      if (event && (!next || *event < *next)) next = event;
    }
    return next;
  }

  engine::ProberOptions options_;
  std::unique_ptr<engine::Prober> prober_;
};

}  // namespace sonde::test
