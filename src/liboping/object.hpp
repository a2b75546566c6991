// object.hpp: what liboping's opaque types are made of: hosts that are asked together, in rounds.
//
// A round is one probe to each host. Every round adds its targets to the session anew and takes them away at its end, so that
// an answer which comes later fits nothing; sockets and their identifiers stay from round to round.
//
// A host that is removed while somebody iterates is kept until the next round, and knows its place in the order, so that the
// iterator goes on with whoever stands behind it by then.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "liboping/oping.h"
#include "sonde/session.hpp"

// The global names are the C interface's.
struct pinghost {
  pingobj* owner = nullptr;
  std::uint64_t order = 0;  // of being added to the object
  std::string user_name, host_name, data;
  sonde::Address address;
  void* context = nullptr;

  unsigned sequence = 0;  // probes sent
  std::uint32_t dropped = 0;
  double latency_ms = -1;
  int received_ttl = -1;
  std::uint8_t received_qos = 0;

  pinghost* next() const;
};

struct pingobj {
 public:
  pingobj();

  // --- options ---
  sonde::Nanoseconds timeout;
  int family = PING_DEF_AF;  // AF_...
  std::string data = PING_DEF_DATA;
  sonde::NetworkOptions network;

  // --- hosts ---
  // False with `error` set when the name has no address.
  bool add(const std::string& name);
  bool remove(const std::string& name);
  pinghost* first() const { return hosts_.empty() ? nullptr : hosts_.begin()->second.get(); }
  pinghost* behind(std::uint64_t order) const;
  std::size_t count() const { return hosts_.size(); }

  // Returns what ping_send() returns.
  int send();
  // After send() threw: nothing of the round is left.
  void abandon_round() {
    session_.reset();
    asked_.clear();
  }

  std::string error;

 private:
  bool open_session();
  bool ask(pinghost& host, sonde::Nanoseconds phase);
  void take(const sonde::Event& event);
  sonde::TargetOptions target_options(const pinghost& host) const;

  std::map<std::uint64_t, std::unique_ptr<pinghost>> hosts_;
  std::unordered_map<std::string, std::uint64_t> by_name_;  // lower case -> order
  std::vector<std::unique_ptr<pinghost>> removed_;          // since the last round
  std::uint64_t added_ = 0;

  std::optional<sonde::Session> session_;
  sonde::TransportKind way_ = sonde::TransportKind::icmp_datagram;

  // --- the round that runs ---
  std::unordered_map<std::uint64_t, pinghost*> asked_;  // by target
  int answered_ = 0, unsent_ = 0;
};
