// lines.cpp: see lines.hpp.
#include "compat/fping/lines.hpp"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <ctime>

#include "compat/fping/json.hpp"
#include "wire/probe_message.hpp"

namespace sonde::compat::fping {

void append_number(std::string& text, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  text.append(digits.data(), end);
}

namespace {

// `value` counts units of 10^-`decimals`.
void append_decimal(std::string& text, std::int64_t value, std::size_t decimals) {
  const std::size_t begin = text.size();
  append_number(text, static_cast<std::uint64_t>(value));
  const std::size_t digits = text.size() - begin;
  if (digits <= decimals) text.insert(begin, decimals + 1 - digits, '0');
  if (decimals > 0) text.insert(text.size() - decimals, 1, '.');
}

}  // namespace

void append_milliseconds(std::string& text, Nanoseconds time) {
  const std::int64_t ns = time.count();
  if (ns < 0) {
    text += fmt::format("{:.2g}", static_cast<double>(ns) / 1e6);
  } else if (ns < 1'000'000) {
    append_decimal(text, (ns + 500) / 1'000, 3);
  } else if (ns < 10'000'000) {
    append_decimal(text, (ns + 5'000) / 10'000, 2);
  } else if (ns < 100'000'000) {
    append_decimal(text, (ns + 50'000) / 100'000, 1);
  } else if (ns < 1'000'000'000'000) {
    append_decimal(text, (ns + 500'000) / 1'000'000, 0);
  } else {
    text += fmt::format("{:.3e}", static_cast<double>(ns) / 1e6);
  }
}

std::string milliseconds(Nanoseconds time) {
  std::string text;
  append_milliseconds(text, time);
  return text;
}

std::string timestamp(const Options& options, UnixTime time) {
  const std::int64_t ns = time.time_since_epoch().count();
  if (options.timestamp_format == TimestampFormat::seconds)
    return fmt::format("{:.5f}", static_cast<double>(ns) / 1e9);
  const std::time_t seconds = ns / 1'000'000'000;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  const char* format = options.timestamp_format == TimestampFormat::ctime ? "%c"
                       : options.timestamp_format == TimestampFormat::iso ? "%Y-%m-%dT%T%z"
                                                                          : "%Y-%m-%d %H:%M:%S";
  std::array<char, 100> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), format, &local);
  return {text.data(), length};
}

namespace {

std::string line_begin(const Options& options, const Host& host, std::size_t width, UnixTime time) {
  const std::string when = options.timestamps ? "[" + timestamp(options, time) + "] " : "";
  return fmt::format("{}{:<{}} : ", when, host.shown, width);
}

std::string figures(const Host& host) {
  const std::string mean = host.all.received > 0 ? milliseconds(host.all.mean()) : "NaN";
  return fmt::format(" ({} avg, {}% loss)", mean, host.all.loss_percent());
}

// What options add behind a line about an answer, and its end.
std::string line_end(const Options& options, const Reply& reply) {
  std::string text;
  if (reply.timestamps) {
    text += fmt::format("{} timestamps: Originate={} Receive={} Transmit={} Localreceive={}",
                        options.alive ? "" : ",", reply.timestamps->originate, reply.timestamps->receive,
                        reply.timestamps->transmit, wire::icmp_time(reply.received_at));
  }
  if (options.print_tos) text += reply.tos ? fmt::format(" (TOS {})", *reply.tos) : " (TOS unknown)";
  if (options.print_ttl) text += reply.ttl ? fmt::format(" (TTL {})", *reply.ttl) : " (TTL unknown)";
  if (options.elapsed && !options.each_probe) text += fmt::format(" ({} ms)", milliseconds(reply.rtt));
  return text + "\n";
}

}  // namespace

std::string alive_line(const Options& options, const Host& host, const Reply& reply) {
  return host.shown + (options.verbose ? " is alive" : "") + line_end(options, reply);
}

std::string reply_line(const Options& options, const Host& host, std::size_t width, const Reply& reply) {
  if (options.json) return json_reply(options, host, reply);
  return line_begin(options, host, width, reply.received_at) +
         fmt::format("[{}], {} bytes, {} ms", reply.index, reply.bytes, milliseconds(reply.rtt)) +
         figures(host) + line_end(options, reply);
}

std::string timeout_line(const Options& options, const Host& host, std::size_t width, std::uint64_t index,
                         UnixTime now) {
  if (options.json) return json_timeout(options, host, index, now);
  return line_begin(options, host, width, now) + fmt::format("[{}], timed out", index) + figures(host) + "\n";
}

std::string duplicate_line(const Host& host, const Reply& reply) {
  return fmt::format("{} : duplicate for [{}], {} bytes, {} ms{}\n", host.shown, reply.index, reply.bytes,
                     milliseconds(reply.rtt), other_source_note(reply));
}

std::string other_source_note(const Reply& reply) {
  return reply.other_source ? fmt::format(" [<- {}]", reply.other_source->to_string()) : std::string();
}

namespace {

constexpr std::array<std::string_view, 16> unreachable_v4{
    "ICMP Network Unreachable",
    "ICMP Host Unreachable",
    "ICMP Protocol Unreachable",
    "ICMP Port Unreachable",
    "ICMP Unreachable (Fragmentation Needed)",
    "ICMP Unreachable (Source Route Failed)",
    "ICMP Unreachable (Destination Network Unknown)",
    "ICMP Unreachable (Destination Host Unknown)",
    "ICMP Unreachable (Source Host Isolated)",
    "ICMP Unreachable (Communication with Network Prohibited)",
    "ICMP Unreachable (Communication with Host Prohibited)",
    "ICMP Unreachable (Network Unreachable For Type Of Service)",
    "ICMP Unreachable (Host Unreachable For Type Of Service)",
    "ICMP Unreachable (Communication Administratively Prohibited)",
    "ICMP Unreachable (Host Precedence Violation)",
    "ICMP Unreachable (Precedence cutoff in effect)",
};

constexpr std::array<std::string_view, 10> unreachable_v6{
    "No route to destination",
    "Communication with destination administratively prohibited",
    "Beyond scope of source address",
    "Address unreachable",
    "Port unreachable",
    "Source address failed ingress/egress policy",
    "Reject route to destination",
    "Error in Source Routing Header",
    "Headers too long",
    "Error in P-Route",
};

constexpr std::array<std::string_view, 2> time_exceeded_v6{"Hop limit exceeded in transit",
                                                           "Fragment reassembly time exceeded"};

constexpr std::array<std::string_view, 11> parameter_problem_v6{
    "Erroneous header field encountered",
    "Unrecognized Next Header type encountered",
    "Unrecognized IPv6 option encountered",
    "IPv6 First Fragment has incomplete IPv6 Header Chain",
    "SR Upper-layer Header Error",
    "Unrecognized Next Header type encountered by intermediate node",
    "Extension header too big",
    "Extension header chain too long",
    "Too many extension headers",
    "Too many options in extension header",
    "Option too big",
};

std::string icmpv4_words(unsigned type, unsigned code) {
  switch (type) {
    case 3:
      return std::string(code < unreachable_v4.size() ? unreachable_v4[code]
                                                      : "ICMP Unreachable (Invalid Code)");
    case 4:
      return "ICMP Source Quench";
    case 5:
      return "ICMP Redirect";
    case 11:
      return "ICMP Time Exceeded";
    case 12:
      return "ICMP Parameter Problem";
    default:
      return fmt::format("ICMP {}", type);
  }
}

template <std::size_t size>
std::string with_code(std::string_view what, const std::array<std::string_view, size>& codes, unsigned code) {
  return code < size ? fmt::format("{} ({})", what, codes[code]) : fmt::format("{} (Code {})", what, code);
}

std::string icmpv6_words(unsigned type, unsigned code) {
  switch (type) {
    case 1:
      return with_code("ICMPv6 Destination Unreachable", unreachable_v6, code);
    case 2:
      return "ICMPv6 Packet Too Big";
    case 3:
      return with_code("ICMPv6 Time Exceeded", time_exceeded_v6, code);
    case 4:
      return with_code("ICMPv6 Parameter Problem", parameter_problem_v6, code);
    default:
      return fmt::format("ICMPv6 Type {} Code {}", type, code);
  }
}

}  // namespace

std::string icmp_line(const Host& host, const Event& event) {
  const unsigned type = event.icmp_type.value_or(0), code = event.icmp_code.value_or(0);
  const std::string from = event.from ? event.from->to_string() : "an unknown address";
  const bool v4 = host.address.is_ipv4();
  return fmt::format("{} from {} for {} sent to {}\n",
                     v4 ? icmpv4_words(type, code) : icmpv6_words(type, code), from,
                     v4 ? "ICMP Echo" : "ICMPv6 Echo Request", host.shown);
}

}  // namespace sonde::compat::fping
