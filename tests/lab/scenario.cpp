// scenario.cpp: reads a scenario: one function per statement, found by its first word.
#include "lab/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <numbers>
#include <utility>

namespace sonde::lab {
namespace {

using Setting = std::function<void(Behaviour&)>;

[[noreturn]] void fail(std::string message) {
  throw ScenarioError(std::move(message));
}

template <typename Number>
Number to_number(std::string_view text, std::uint64_t most = std::numeric_limits<Number>::max()) {
  const bool hex = text.starts_with("0x");
  const std::string_view digits = hex ? text.substr(2) : text;
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
  if (error != std::errc() || end != digits.data() + digits.size() || value > most) {
    fail(fmt::format("'{}' is not a number up to {}", text, most));
  }
  return static_cast<Number>(value);
}

double to_real(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0)) {
    fail(fmt::format("'{}' is not a number", text));
  }
  return value;
}

Duration to_duration(std::string_view text) {
  static constexpr std::pair<std::string_view, double> units[] = {
      {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
  for (const auto& [unit, nanoseconds] : units) {
    if (!text.ends_with(unit)) continue;
    const std::string_view number = text.substr(0, text.size() - unit.size());
    if (number.empty() || number.back() < '0' || number.back() > '9') continue;
    return Duration(std::llround(to_real(number) * nanoseconds));
  }
  fail(fmt::format("'{}' is not a duration (300us, 5ms, 1.5s)", text));
}

// The words of a statement, taken one after the other.
class Words {
 public:
  explicit Words(std::string_view statement) {
    while (true) {
      statement.remove_prefix(std::min(statement.find_first_not_of(" \t\r"), statement.size()));
      if (statement.empty()) break;
      const std::size_t end = std::min(statement.find_first_of(" \t\r"), statement.size());
      words_.push_back(statement.substr(0, end));
      statement.remove_prefix(end);
    }
  }
  bool empty() const { return next_ == words_.size(); }
  std::string_view peek() const { return empty() ? std::string_view() : words_[next_]; }
  std::string_view take() {
    if (empty()) fail("the statement ends too early");
    return words_[next_++];
  }
  bool take_if(std::string_view word) {
    if (peek() != word) return false;
    ++next_;
    return true;
  }
  void expect(std::string_view word) {
    if (!take_if(word)) fail(fmt::format("expected '{}', found '{}'", word, peek()));
  }
  AddressPair take_addresses() {
    AddressPair pair;
    const std::size_t before = next_;
    for (auto address = HostAddress::parse(peek()); !empty() && address;
         address = HostAddress::parse(peek())) {
      pair.set(*address);
      ++next_;
    }
    if (next_ == before) fail(fmt::format("'{}' is not an address", peek()));
    return pair;
  }

 private:
  std::vector<std::string_view> words_;
  std::size_t next_ = 0;
};

Share take_share(Words& words) {
  if (words.take_if("every")) return {0, std::max<std::uint64_t>(1, to_number<std::uint64_t>(words.take()))};
  std::string_view text = words.take();
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  const double ratio = to_real(text) / (percent ? 100 : 1);
  if (ratio > 1) fail(fmt::format("'{}' is more than all", text));
  return {ratio, 0};
}

Setting parse_delay(Words& words) {
  static const std::map<std::string_view, Delay::Kind> kinds = {{"uniform", Delay::Kind::uniform},
                                                                {"normal", Delay::Kind::normal},
                                                                {"exponential", Delay::Kind::exponential}};
  Delay delay;
  if (const auto kind = kinds.find(words.peek()); kind != kinds.end()) {
    words.take();
    delay.kind = kind->second;
    delay.first = to_duration(words.take());
    delay.second = to_duration(words.take());
  } else {
    delay.first = to_duration(words.take());
  }
  return [delay](Behaviour& behaviour) { behaviour.delay = delay; };
}

Setting parse_reorder(Words& words) {
  const Share share = take_share(words);
  words.expect("by");
  const Duration by = to_duration(words.take());
  return [share, by](Behaviour& behaviour) {
    behaviour.reorder = share;
    behaviour.reorder_by = by;
  };
}

Setting parse_duplicates(Words& words) {
  const auto copies = to_number<std::uint32_t>(words.take());
  const Duration spacing = words.take_if("spacing") ? to_duration(words.take()) : Duration{};
  return [copies, spacing](Behaviour& behaviour) {
    behaviour.duplicates = copies;
    behaviour.duplicate_spacing = spacing;
  };
}

Setting parse_alter(Words& words) {
  if (words.take_if("payload")) return [](Behaviour& behaviour) { behaviour.alter_payload = true; };
  std::uint16_t byte = 0;
  if (!words.take_if("token")) {
    words.expect("byte");
    byte = to_number<std::uint16_t>(words.take());
  }
  return [byte](Behaviour& behaviour) { behaviour.alter_byte = byte; };
}

Setting parse_cut(Words& words) {
  const bool to = words.take_if("to");
  const auto bytes = to_number<std::uint16_t>(words.take());
  if (to) return [bytes](Behaviour& behaviour) { behaviour.cut_to = bytes; };
  return [bytes](Behaviour& behaviour) { behaviour.cut_bytes = bytes; };
}

Setting parse_identifier(Words& words) {
  std::string_view text = words.take();
  const bool shift = text.starts_with('+');
  if (shift) text.remove_prefix(1);
  const auto number = to_number<std::uint16_t>(text);
  if (shift) return [number](Behaviour& behaviour) { behaviour.identifier_shift = number; };
  return [number](Behaviour& behaviour) { behaviour.identifier = number; };
}

Setting parse_sequence(Words& words) {
  std::string_view text = words.take();
  if (!text.starts_with('+')) fail("expected 'sequence +N'");
  const auto shift = to_number<std::uint16_t>(text.substr(1));
  return [shift](Behaviour& behaviour) { behaviour.sequence_shift = shift; };
}

Setting parse_forged(Words& words) {
  const auto copies = to_number<std::uint32_t>(words.take());
  const Duration before = words.take_if("before") ? to_duration(words.take()) : Duration{};
  return [copies, before](Behaviour& behaviour) {
    behaviour.forged = copies;
    behaviour.forged_before = before;
  };
}

// "24015/3/1": label, traffic class, TTL. Whether it is the last is not known yet.
std::uint32_t to_label_entry(std::string_view text) {
  const std::size_t first = text.find('/'), second = text.find('/', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos)
    fail(fmt::format("'{}' is not LABEL/CLASS/TTL", text));
  const auto label = to_number<std::uint32_t>(text.substr(0, first), 0xfffff);
  const auto traffic_class = to_number<std::uint32_t>(text.substr(first + 1, second - first - 1), 7);
  return label << 12 | traffic_class << 9 | to_number<std::uint8_t>(text.substr(second + 1));
}

std::vector<std::uint32_t> take_label_stack(Words& words) {
  constexpr std::uint32_t bottom_of_stack = 1u << 8;
  std::vector<std::uint32_t> stack;
  do {
    stack.push_back(to_label_entry(words.take()));
  } while (words.peek().find('/') != std::string_view::npos);
  stack.back() |= bottom_of_stack;
  return stack;
}

IcmpError take_icmp_error(Words& words) {
  IcmpError error;
  const std::string_view what = words.take();
  if (const std::size_t slash = what.find('/'); slash != std::string_view::npos) {
    error.v4 = IcmpCode{to_number<std::uint8_t>(what.substr(0, slash)),
                        to_number<std::uint8_t>(what.substr(slash + 1))};
    error.v6 = error.v4;
  } else {
    const auto name = std::ranges::find(icmp_names(), what, &IcmpName::name);
    if (name == icmp_names().end()) fail(fmt::format("'{}' is no ICMP error", what));
    error.v4 = name->v4;
    error.v6 = name->v6;
  }
  while (!words.empty()) {
    if (words.take_if("from")) {
      error.from = words.take_addresses();
    } else if (words.take_if("gateway")) {
      error.gateway = words.take_addresses();
    } else if (words.take_if("mpls")) {
      error.label_stack = take_label_stack(words);
    } else if (words.take_if("unmarked")) {
      error.unmarked_extensions = true;
    } else if (words.take_if("mtu")) {
      error.mtu = to_number<std::uint32_t>(words.take());
    } else {
      words.expect("quote");
      error.quoted_bytes.reset();
      if (!words.take_if("whole")) error.quoted_bytes = to_number<std::uint16_t>(words.take());
    }
  }
  return error;
}

Setting parse_options(Words& words) {
  const bool record_route = words.take_if("record-route");
  if (!record_route) words.expect("timestamp");
  const IpOption option = record_route ? IpOption::record_route : IpOption::timestamp;
  return [option](Behaviour& behaviour) { behaviour.ip_option = option; };
}

Setting parse_dies(Words& words) {
  words.expect("after");
  const std::string_view text = words.take();
  if (text.ends_with('s')) {
    const Duration after = to_duration(text);
    return [after](Behaviour& behaviour) { behaviour.dies_after = after; };
  }
  const auto probes = to_number<std::uint64_t>(text);
  return [probes](Behaviour& behaviour) { behaviour.dies_after_probes = probes; };
}

Setting parse_flaps(Words& words) {
  words.expect("up");
  const auto up = to_number<std::uint32_t>(words.take());
  words.expect("down");
  const auto down = to_number<std::uint32_t>(words.take());
  if (up + down == 0) fail("'flaps' needs probes up or down");
  return [up, down](Behaviour& behaviour) {
    behaviour.flap_up = up;
    behaviour.flap_down = down;
  };
}

Setting parse_udp(Words& words) {
  words.expect("closed");
  return [](Behaviour& behaviour) { behaviour.udp_closed = true; };
}

Setting parse_tcp(Words& words) {
  if (words.take_if("closed")) return [](Behaviour& behaviour) { behaviour.tcp_closed = true; };
  words.expect("open");
  const auto port = to_number<std::uint16_t>(words.take());
  return [port](Behaviour& behaviour) { behaviour.tcp_open_port = port; };
}

Setting parse_node(Words& words) {
  NodeReply reply;
  reply.code = to_number<std::uint8_t>(words.take());
  if (words.take_if("flags")) reply.flags = to_number<std::uint16_t>(words.take());
  if (words.take_if("data")) {
    const std::string_view digits = words.take();
    if (digits.size() % 2 != 0) fail("half a byte of data");
    for (std::size_t at = 0; at < digits.size(); at += 2)
      reply.data.push_back(to_number<std::uint8_t>("0x" + std::string(digits.substr(at, 2))));
  }
  return [reply](Behaviour& behaviour) { behaviour.node = reply; };
}

using Parser = Setting (*)(Words&);

const std::map<std::string_view, Parser>& parsers() {
  static const std::map<std::string_view, Parser> table = {
      {"delay", parse_delay},
      {"late",
       [](Words& words) -> Setting {
         const Duration late = to_duration(words.take());
         return [late](Behaviour& behaviour) { behaviour.late = late; };
       }},
      {"loss",
       [](Words& words) -> Setting {
         const Share share = take_share(words);
         return [share](Behaviour& behaviour) { behaviour.loss = share; };
       }},
      {"reorder", parse_reorder},
      {"duplicates", parse_duplicates},
      {"silence", [](Words&) -> Setting { return [](Behaviour& behaviour) { behaviour.silence = true; }; }},
      {"answer",
       [](Words&) -> Setting {
         return [](Behaviour& behaviour) {
           behaviour.silence = false;
           behaviour.error.reset();
         };
       }},
      {"source",
       [](Words& words) -> Setting {
         const AddressPair source = words.take_addresses();
         return [source](Behaviour& behaviour) { behaviour.source = source; };
       }},
      {"checksum",
       [](Words& words) -> Setting {
         words.expect("broken");
         return [](Behaviour& behaviour) { behaviour.broken_checksum = true; };
       }},
      {"alter", parse_alter},
      {"cut", parse_cut},
      {"append",
       [](Words& words) -> Setting {
         const auto bytes = to_number<std::uint16_t>(words.take());
         return [bytes](Behaviour& behaviour) { behaviour.append_bytes = bytes; };
       }},
      {"identifier", parse_identifier},
      {"sequence", parse_sequence},
      {"forged", parse_forged},
      {"error",
       [](Words& words) -> Setting {
         const IcmpError error = take_icmp_error(words);
         return [error](Behaviour& behaviour) {
           behaviour.error = error;
           behaviour.silence = false;
         };
       }},
      {"note",
       [](Words& words) -> Setting {
         const IcmpError note = take_icmp_error(words);
         return [note](Behaviour& behaviour) { behaviour.note = note; };
       }},
      {"options", parse_options},
      {"ttl",
       [](Words& words) -> Setting {
         const auto ttl = to_number<std::uint8_t>(words.take());
         return [ttl](Behaviour& behaviour) { behaviour.ttl = ttl; };
       }},
      {"tos",
       [](Words& words) -> Setting {
         const auto tos = to_number<std::uint8_t>(words.take());
         return [tos](Behaviour& behaviour) { behaviour.tos = tos; };
       }},
      {"udp", parse_udp},
      {"tcp", parse_tcp},
      {"node", parse_node},
      {"dies", parse_dies},
      {"flaps", parse_flaps},
  };
  return table;
}

// "3:", "3-5:", "6-:" or "every 4:", after the word `probe`.
Condition take_condition(Words& words) {
  Condition condition;
  const bool every = words.take_if("every");
  std::string_view text = words.take();
  if (!text.ends_with(':')) fail("expected 'probe N: statement'");
  text.remove_suffix(1);
  if (every) {
    condition.every = std::max<std::uint64_t>(1, to_number<std::uint64_t>(text));
    return condition;
  }
  const std::size_t dash = text.find('-');
  condition.first = to_number<std::uint64_t>(text.substr(0, dash));
  if (dash == std::string_view::npos) {
    condition.last = condition.first;
  } else if (dash + 1 < text.size()) {
    condition.last = to_number<std::uint64_t>(text.substr(dash + 1));
  }
  if (condition.first == 0 || condition.last < condition.first) fail("a host's probes count from 1");
  return condition;
}

// "2:", after the word `hop`.
std::uint8_t take_hop(Words& words) {
  std::string_view text = words.take();
  if (!text.ends_with(':')) fail("expected 'hop N: statement'");
  text.remove_suffix(1);
  return to_number<std::uint8_t>(text);
}

struct Reading {
  Scenario scenario;
  bool conditional = false;  // the block being read has a statement with a condition

  void statement(std::string_view text) {
    Words words(text);
    if (words.empty()) return;
    if (words.take_if("seed")) {
      scenario.seed = to_number<std::uint64_t>(words.take());
    } else if (words.take_if("host")) {
      finish_block();
      HostBlock& block = scenario.hosts.emplace_back();
      do {
        const std::string_view range_text = words.take();
        const std::optional<AddressRange> range = AddressRange::parse(range_text);
        if (!range) fail(fmt::format("'{}' is not an address, range or prefix", range_text));
        block.addresses.push_back(*range);
      } while (!words.empty());
    } else {
      if (scenario.hosts.empty()) fail("a behaviour before the first 'host'");
      behaviour(words);
    }
    if (!words.empty()) fail(fmt::format("'{}' is too much", words.peek()));
  }

  void behaviour(Words& words) {
    HostBlock::Rule rule;
    if (words.take_if("probe")) {
      rule.condition = take_condition(words);
      conditional = true;
    } else if (words.take_if("hop")) {
      rule.condition.ttl = take_hop(words);
      conditional = true;
    }
    const std::string_view name = words.take();
    const auto parser = parsers().find(name);
    if (parser == parsers().end()) fail(fmt::format("unknown behaviour '{}'", name));
    rule.apply = parser->second(words);
    scenario.hosts.back().rules.push_back(std::move(rule));
  }

  void finish_block() {
    if (!scenario.hosts.empty() && !conditional) {
      HostBlock& block = scenario.hosts.back();
      for (const HostBlock::Rule& rule : block.rules) rule.apply(block.base);
      block.rules.clear();
    }
    conditional = false;
  }
};

}  // namespace

const std::vector<IcmpName>& icmp_names() {
  static const std::vector<IcmpName> names = {
      {"network-unreachable", IcmpCode{3, 0}, IcmpCode{1, 0}},
      {"host-unreachable", IcmpCode{3, 1}, IcmpCode{1, 3}},
      {"protocol-unreachable", IcmpCode{3, 2}, std::nullopt},
      {"port-unreachable", IcmpCode{3, 3}, IcmpCode{1, 4}},
      {"fragmentation-needed", IcmpCode{3, 4}, IcmpCode{2, 0}},
      {"packet-too-big", IcmpCode{3, 4}, IcmpCode{2, 0}},
      {"source-route-failed", IcmpCode{3, 5}, std::nullopt},
      {"prohibited", IcmpCode{3, 13}, IcmpCode{1, 1}},
      {"beyond-scope", std::nullopt, IcmpCode{1, 2}},
      {"policy", std::nullopt, IcmpCode{1, 5}},
      {"reject-route", std::nullopt, IcmpCode{1, 6}},
      {"ttl-exceeded", IcmpCode{11, 0}, IcmpCode{3, 0}},
      {"reassembly-timeout", IcmpCode{11, 1}, IcmpCode{3, 1}},
      {"parameter-problem", IcmpCode{12, 0}, IcmpCode{4, 0}},
      {"redirect", IcmpCode{5, 1}, IcmpCode{137, 0}},
      {"source-quench", IcmpCode{4, 0}, std::nullopt},
  };
  return names;
}

Behaviour HostBlock::behaviour(std::uint64_t probe, std::uint8_t ttl) const {
  Behaviour result = base;
  for (const Rule& rule : rules) {
    if (rule.condition.holds(probe, ttl)) rule.apply(result);
  }
  return result;
}

Scenario Scenario::parse(std::string_view text) {
  Reading reading;
  std::size_t line_number = 0;
  while (!text.empty()) {
    ++line_number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = line.substr(0, line.find('#'));
    try {
      while (!line.empty()) {
        const std::size_t semicolon = std::min(line.find(';'), line.size());
        reading.statement(line.substr(0, semicolon));
        line.remove_prefix(std::min(semicolon + 1, line.size()));
      }
    } catch (const ScenarioError& error) {
      throw ScenarioError(fmt::format("line {}: {}", line_number, error.what()));
    }
  }
  reading.finish_block();
  return std::move(reading.scenario);
}

const HostBlock* Scenario::find(const HostAddress& address) const {
  for (auto block = hosts.rbegin(); block != hosts.rend(); ++block) {
    for (const AddressRange& range : block->addresses) {
      if (range.contains(address)) return &*block;
    }
  }
  return nullptr;
}

double random_share(std::uint64_t seed, const HostAddress& host, std::uint64_t probe, std::uint32_t use) {
  // SplitMix64's finalizer over all that the number depends on.
  const auto mix = [](std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
  };
  std::uint64_t value = mix(seed + 0x9e3779b97f4a7c15u);
  value = mix(value ^ std::hash<HostAddress>{}(host));
  value = mix(value + probe * 0x9e3779b97f4a7c15u + use);
  return static_cast<double>(value >> 11) * 0x1p-53;
}

Duration sample(const Delay& delay, std::uint64_t seed, const HostAddress& host, std::uint64_t probe) {
  const auto random = [&](std::uint32_t use) { return random_share(seed, host, probe, use); };
  const auto first = static_cast<double>(delay.first.count()),
             second = static_cast<double>(delay.second.count());
  double nanoseconds = first;
  switch (delay.kind) {
    case Delay::Kind::fixed:
      break;
    case Delay::Kind::uniform:
      nanoseconds = first + random(101) * (second - first);
      break;
    case Delay::Kind::normal:  // Box and Muller
      nanoseconds = first + second * std::sqrt(-2 * std::log(1 - random(101))) *
                                std::cos(2 * std::numbers::pi * random(102));
      break;
    case Delay::Kind::exponential:
      nanoseconds = first - second * std::log(1 - random(101));
      break;
  }
  return Duration(std::llround(std::max(0.0, nanoseconds)));
}

bool hits(const Share& share, std::uint64_t seed, const HostAddress& host, std::uint64_t probe,
          std::uint32_t use) {
  if (share.every != 0) return probe % share.every == 0;
  return share.ratio > 0 && random_share(seed, host, probe, use) < share.ratio;
}

}  // namespace sonde::lab
