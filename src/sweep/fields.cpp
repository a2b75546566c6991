// fields.cpp: the table of fields, and how their values are written.
#include "sweep/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "wire/initial_ttl.hpp"

namespace sonde::sweep {
namespace {

FieldValue absent() {
  return {};
}

FieldValue number(std::uint64_t value) {
  return FieldValue(static_cast<std::int64_t>(value));
}

FieldValue flag(bool value) {
  return FieldValue(std::int64_t{value});
}

FieldValue unix_ns(UnixTime time) {
  return FieldValue(std::int64_t{time.time_since_epoch().count()});
}

// zmap's words where it has one.
std::string_view classification(const Record& record) {
  if (record.is_reply) return "echoreply";
  switch (record.reason) {
    case ErrorReason::network_unreachable:
    case ErrorReason::host_unreachable:
    case ErrorReason::protocol_unreachable:
    case ErrorReason::port_unreachable:
    case ErrorReason::source_route_failed:
    case ErrorReason::prohibited:
    case ErrorReason::beyond_scope:
    case ErrorReason::reject_route:
    case ErrorReason::precedence:
    case ErrorReason::destination_unreachable:
    case ErrorReason::neighbour:
      return "unreach";
    case ErrorReason::fragmentation_needed:
      return "toobig";
    case ErrorReason::ttl_exceeded:
    case ErrorReason::reassembly_timeout:
      return "timxceed";
    case ErrorReason::parameter_problem:
      return "paramprob";
    case ErrorReason::redirect:
      return "redirect";
    case ErrorReason::source_quench:
      return "sourcequench";
    case ErrorReason::none:
    case ErrorReason::local_error:
      break;
  }
  return "other";
}

FieldValue ttl_of(const Record& record) {
  return record.ttl ? number(*record.ttl) : absent();
}

FieldValue initial_ttl_of(const Record& record) {
  return record.ttl ? number(wire::likely_initial_ttl(*record.ttl)) : absent();
}

FieldValue distance_of(const Record& record) {
  if (!record.ttl) return absent();
  return number(static_cast<std::uint64_t>(wire::likely_initial_ttl(*record.ttl) - *record.ttl));
}

FieldValue rtt_ns(const Record& record) {
  return record.rtt ? FieldValue(record.rtt->count()) : absent();
}

FieldValue rtt_whole_us(const Record& record) {
  return record.rtt ? FieldValue((record.rtt->count() + 500) / 1000) : absent();
}

FieldValue reason_of(const Record& record) {
  return record.reason == ErrorReason::none ? absent() : FieldValue(to_string(record.reason));
}

FieldValue sent_of(const Record& record) {
  return record.sent_at ? unix_ns(*record.sent_at) : absent();
}

FieldValue whole_seconds(const Record& record) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(record.received_at);
  return FieldValue(std::int64_t{seconds.time_since_epoch().count()});
}

FieldValue microseconds_of_second(const Record& record) {
  const auto rest = record.received_at - std::chrono::floor<std::chrono::seconds>(record.received_at);
  return FieldValue(std::int64_t{rest.count() / 1000});
}

constexpr auto table = std::to_array<Field>({
    {"address", FieldType::address, 0, "", "whom the probe asked",
     [](const Record& record) { return FieldValue(record.address); }},
    {"from", FieldType::address, 0, "", "who sent the answer; of an ICMP error, the router",
     [](const Record& record) { return FieldValue(record.from); }, "saddr"},
    {"to", FieldType::address, 0, "", "this host's address that the answer came to, with --source",
     [](const Record& record) { return record.to ? FieldValue(*record.to) : absent(); }, "daddr"},
    {"rtt_ms", FieldType::number, 6, "ms", "round-trip time", rtt_ns},
    {"rtt_us", FieldType::number, 0, "us", "round-trip time, rounded", rtt_whole_us},
    {"rtt_is_bound", FieldType::flag, 0, "",
     "the round-trip time is an upper bound: it is too short to be told",
     [](const Record& record) { return record.rtt ? flag(record.rtt_is_bound) : absent(); }},
    {"ttl", FieldType::number, 0, "", "TTL or hop limit of the answer as it arrived", ttl_of},
    {"initial_ttl", FieldType::number, 0, "", "what the TTL likely was when it left: 32, 64, 128, 255",
     initial_ttl_of},
    {"distance", FieldType::number, 0, "hops", "routers on the way back: initial_ttl less ttl", distance_of},
    {"type", FieldType::number, 0, "", "ICMP type", [](const Record& record) { return number(record.type); }},
    {"code", FieldType::number, 0, "", "ICMP code", [](const Record& record) { return number(record.code); }},
    {"classification", FieldType::text, 0, "",
     "echoreply, unreach, timxceed, toobig, paramprob, redirect, sourcequench or other",
     [](const Record& record) { return FieldValue(classification(record)); }},
    {"reason", FieldType::text, 0, "", "of an ICMP error: host_unreachable, prohibited, ttl_exceeded, ...",
     reason_of},
    {"success", FieldType::flag, 0, "", "an echo reply",
     [](const Record& record) { return flag(record.is_reply); }},
    {"duplicate", FieldType::flag, 0, "", "the address has answered before",
     [](const Record& record) { return flag(record.duplicate); }, "repeat"},
    {"late", FieldType::flag, 0, "", "the round-trip time is longer than --late",
     [](const Record& record) { return flag(record.late); }},
    {"cooldown", FieldType::flag, 0, "", "came after the last probe had been sent",
     [](const Record& record) { return flag(record.cooldown); }},
    {"sent", FieldType::number, 9, "s", "when the probe left (UNIX time)", sent_of},
    {"received", FieldType::number, 9, "s", "when the answer came (UNIX time)",
     [](const Record& record) { return unix_ns(record.received_at); }},
    {"timestamp", FieldType::time, 6, "", "when the answer came (ISO 8601, UTC)",
     [](const Record& record) { return unix_ns(record.received_at); }, "timestamp_str"},
    {"timestamp_ts", FieldType::number, 0, "s", "whole seconds of `received`", whole_seconds},
    {"timestamp_us", FieldType::number, 0, "us", "microseconds of `received` within the second",
     microseconds_of_second},
    {"probe", FieldType::number, 0, "", "which probe to the address, from 0",
     [](const Record& record) { return record.probe ? number(*record.probe) : absent(); }},
    {"sequence", FieldType::number, 0, "", "ICMP sequence number",
     [](const Record& record) { return number(record.sequence); }, "seq"},
    {"identifier", FieldType::number, 0, "", "ICMP identifier",
     [](const Record& record) { return number(record.identifier); }, "icmp_id"},
    {"bytes", FieldType::number, 0, "bytes", "length of the ICMP message",
     [](const Record& record) { return number(record.bytes); }},
    {"index", FieldType::number, 0, "", "number of the address among all targets",
     [](const Record& record) { return number(record.index); }},
});

std::string_view without_blanks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

void append_two_digits(std::string& out, unsigned value) {
  out += static_cast<char>('0' + value / 10 % 10);
  out += static_cast<char>('0' + value % 10);
}

// The longest run of at least two zero groups, the first of them if several are as long (RFC 5952, 4.2).
struct ZeroRun {
  std::size_t begin = 8, length = 0;
};

ZeroRun longest_zero_run(const std::array<unsigned, 8>& groups) {
  ZeroRun longest;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    std::size_t end = i;
    while (end < groups.size() && groups[end] == 0) ++end;
    if (end - i >= 2 && end - i > longest.length) longest = {i, end - i};
    i = std::max(i, end == i ? i : end - 1);
  }
  return longest;
}

}  // namespace

std::string_view to_string(FieldType type) {
  switch (type) {
    case FieldType::address:
      return "address";
    case FieldType::number:
      return "number";
    case FieldType::text:
      return "text";
    case FieldType::flag:
      return "flag";
    case FieldType::time:
      return "time";
  }
  return "";
}

std::span<const Field> all_fields() {
  return table;
}

const Field* find_field(std::string_view name) {
  if (name.empty()) return nullptr;
  const auto* const found = std::ranges::find_if(
      table, [name](const Field& field) { return field.name == name || field.zmap_name == name; });
  return found != table.end() ? found : nullptr;
}

Result<std::vector<NamedField>> parse_fields(std::string_view list) {
  constexpr std::string_view hint = "--list-fields tells which there are";
  std::vector<NamedField> fields;
  if (without_blanks(list) == "*") {
    for (const Field& field : table) fields.push_back({&field, field.name});
    return fields;
  }
  for (bool more = true; more;) {
    const std::size_t comma = list.find(',');
    more = comma != std::string_view::npos;
    const std::string_view name = without_blanks(list.substr(0, comma));
    if (more) list.remove_prefix(comma + 1);
    const Field* field = find_field(name);
    if (field == nullptr) {
      return std::unexpected(Error::invalid(name.empty() ? "a field without a name" : "no such field",
                                            std::string(name), std::string(hint)));
    }
    const std::string_view known = name == field->name ? field->name : field->zmap_name;
    if (std::ranges::any_of(fields, [known](const NamedField& other) { return other.name == known; }))
      return std::unexpected(Error::invalid("a field that is named twice", std::string(name)));
    fields.push_back({field, known});
  }
  return fields;
}

std::string list_fields_text() {
  std::string text;
  for (const Field& field : table) {
    fmt::format_to(std::back_inserter(text), "{:<15} {:<8} {:<6} {}", field.name, to_string(field.type),
                   field.unit, field.help);
    if (!field.zmap_name.empty()) fmt::format_to(std::back_inserter(text), " (zmap: {})", field.zmap_name);
    text += '\n';
  }
  return text;
}

void append_decimal(std::string& out, std::int64_t number, unsigned decimals) {
  const bool negative = number < 0;
  const std::uint64_t magnitude =
      negative ? std::uint64_t{0} - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
  const fmt::format_int digits(magnitude);
  if (negative) out += '-';
  if (decimals == 0) {
    out.append(digits.data(), digits.size());
    return;
  }
  const std::size_t whole = digits.size() > decimals ? digits.size() - decimals : 0;
  if (whole == 0) out += '0';
  out.append(digits.data(), whole);
  out += '.';
  out.append(decimals - (digits.size() - whole), '0');
  out.append(digits.data() + whole, digits.size() - whole);
}

void append_iso_time(std::string& out, UnixTime time, unsigned decimals) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto in_day = static_cast<std::uint64_t>((time - day).count());
  constexpr std::uint64_t second_ns = 1'000'000'000;
  const auto second = static_cast<unsigned>(in_day / second_ns);
  const int year = static_cast<int>(date.year());
  append_two_digits(out, static_cast<unsigned>(year / 100));
  append_two_digits(out, static_cast<unsigned>(year % 100));
  out += '-';
  append_two_digits(out, static_cast<unsigned>(date.month()));
  out += '-';
  append_two_digits(out, static_cast<unsigned>(date.day()));
  out += 'T';
  append_two_digits(out, second / 3600);
  out += ':';
  append_two_digits(out, second / 60 % 60);
  out += ':';
  append_two_digits(out, second % 60);
  if (decimals > 0) {
    std::uint64_t unit = second_ns / 10;
    out += '.';
    for (unsigned i = 0; i < decimals; ++i, unit /= 10)
      out += static_cast<char>('0' + (unit > 0 ? in_day % second_ns / unit % 10 : 0));
  }
  out += 'Z';
}

void append_address(std::string& out, const Address& address) {
  const std::span<const std::byte> bytes = address.bytes();
  if (address.is_ipv4()) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (i != 0) out += '.';
      const fmt::format_int digits(std::to_integer<unsigned>(bytes[i]));
      out.append(digits.data(), digits.size());
    }
    return;
  }
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    groups[i] = (std::to_integer<unsigned>(bytes[2 * i]) << 8) | std::to_integer<unsigned>(bytes[2 * i + 1]);
  }
  const ZeroRun zeros = longest_zero_run(groups);
  // Zones and addresses that end in an IPv4 one are rare, and have rules of their own.
  if (address.scope_id() != 0 || zeros.begin == 0) {
    out += address.to_string();
    return;
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == zeros.begin) {
      out += "::";
      i += zeros.length - 1;
      continue;
    }
    if (i != 0 && out.back() != ':') out += ':';
    constexpr std::string_view hexadecimal = "0123456789abcdef";
    for (int shift = groups[i] >= 0x1000  ? 12
                     : groups[i] >= 0x100 ? 8
                     : groups[i] >= 0x10  ? 4
                                          : 0;
         shift >= 0; shift -= 4)
      out += hexadecimal[(groups[i] >> shift) & 0xf];
  }
}

}  // namespace sonde::sweep
