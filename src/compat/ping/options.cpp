// options.cpp: see options.hpp.
#include "compat/ping/options.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "compat/ping/json.hpp"
#include "compat/ping/node_query.hpp"

namespace sonde::compat::ping {

namespace {

constexpr int usage_status = 2;
constexpr int number_status = 1;  // a bad whole number ends it with another status than all else
constexpr const char* invalid = "invalid argument";

// Reads the options one by one; the first that cannot be ends it.
class Reader {
 public:
  Reader(Surroundings surroundings, Voice& voice) : surroundings_(surroundings), voice_(&voice) {
    options_.numeric = surroundings.lookup_switched_off;
  }

  std::expected<Options, Exit> read(int count, char** arguments);

 private:
  void take(int letter, const char* argument);
  void take_flag(int letter);
  void take_value(int letter, const char* argument);
  void take_name(int letter, const char* argument);

  void end(int status, std::string_view text, int system_errno = 0) {
    if (!exit_) exit_ = voice_->refuse(status, text, system_errno);
  }
  std::optional<long> whole_number(const char* text, long least, long most);
  std::optional<unsigned long> natural_number(const char* text, unsigned long most);
  std::optional<double> seconds(const char* text, const char* what, double most);
  void take_family(Family family);
  void take_flow_label(const char* text);
  void take_tos(const char* text);
  void take_timestamp(std::string_view text);
  void take_path_mtu(std::string_view text);
  void take_source(const char* text);
  void take_pattern(const char* text);
  void show_version();

  Surroundings surroundings_;
  Voice* voice_;
  Options options_;
  NodeQueryReader node_query_;
  std::optional<Exit> exit_;
};

std::optional<long> Reader::whole_number(const char* text, long least, long most) {
  char* rest = nullptr;
  errno = 0;
  const long number = std::strtol(text, &rest, 10);
  if (errno != 0 || rest == text || *rest != '\0') {
    end(number_status, fmt::format("{}: '{}'", invalid, text), errno);
    return std::nullopt;
  }
  if (number < least || number > most) {
    end(number_status, fmt::format("{}: '{}': out of range: {} <= value <= {}", invalid, text, least, most));
    return std::nullopt;
  }
  return number;
}

std::optional<unsigned long> Reader::natural_number(const char* text, unsigned long most) {
  char* rest = nullptr;
  errno = 0;
  const unsigned long number = std::strtoul(text, &rest, 10);
  if (errno != 0 || rest == text || *rest != '\0') {
    end(number_status, fmt::format("{}: '{}'", invalid, text), errno);
    return std::nullopt;
  }
  if (number > most) {
    end(number_status, fmt::format("{}: '{}': out of range: 0 <= value <= {}", invalid, text, most));
    return std::nullopt;
  }
  return number;
}

std::optional<double> Reader::seconds(const char* text, const char* what, double most) {
  if (*text == '\0') {
    end(usage_status, fmt::format("{}: {}", what, text));
    return std::nullopt;
  }
  char* rest = nullptr;
  errno = 0;
  const double number = std::strtod(text, &rest);
  if (errno != 0 || rest == text || *rest != '\0') {
    voice_->say(fmt::format("option argument contains garbage: {}", rest));
    voice_->say("this will become fatal error in the future");
  }
  const int kind = std::fpclassify(number);
  if (kind != FP_NORMAL && kind != FP_ZERO) {
    end(usage_status, fmt::format("{}: {}", what, text), ERANGE);
    return std::nullopt;
  }
  if (number < 0 || number > most) {
    end(usage_status, fmt::format("{}: {}", what, text));
    return std::nullopt;
  }
  return number;
}

void Reader::take_family(Family family) {
  if (options_.family && *options_.family != family)
    return end(usage_status, "only one -4 or -6 option may be specified");
  options_.family = family;
}

// A decimal or hexadecimal number that may not have anything behind it.
std::optional<long> decimal_or_hexadecimal(const char* text) {
  const bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  char* rest = nullptr;
  const auto number =
      static_cast<int>(std::strtoul(hexadecimal ? text + 2 : text, &rest, hexadecimal ? 16 : 10));
  return *rest == '\0' ? std::optional<long>(number) : std::nullopt;
}

void Reader::take_flow_label(const char* text) {
  const auto label = decimal_or_hexadecimal(text);
  if (!label) return end(usage_status, fmt::format("bad value for flowinfo: {}", text));
  if ((static_cast<unsigned long>(*label) & ~0xfffffUL) != 0)
    return end(usage_status, fmt::format("flow value is greater than 20 bits: {}", text));
  options_.flow_label = static_cast<std::uint32_t>(*label);
}

void Reader::take_tos(const char* text) {
  const auto tos = decimal_or_hexadecimal(text);
  if (!tos) return end(usage_status, fmt::format("bad TOS value: {}", text));
  if (*tos > 255) {
    return end(usage_status, fmt::format("the decimal value of TOS bits must be in range 0-255: {}", *tos));
  }
  options_.tos = static_cast<int>(*tos);
}

void Reader::take_timestamp(std::string_view text) {
  if (options_.record_route) return end(usage_status, "only one of -T or -R may be used");
  if (text == "tsonly") {
    options_.timestamp = TimestampRequest::time_only;
  } else if (text == "tsandaddr") {
    options_.timestamp = TimestampRequest::time_and_address;
  } else if (text == "tsprespec") {
    options_.timestamp = TimestampRequest::listed_addresses;
  } else {
    end(usage_status, fmt::format("invalid timestamp type: {}", text));
  }
}

void Reader::take_path_mtu(std::string_view text) {
  if (text == "do") {
    options_.path_mtu = PathMtu::always;
  } else if (text == "dont") {
    options_.path_mtu = PathMtu::never;
  } else if (text == "want") {
    options_.path_mtu = PathMtu::want;
  } else if (text == "probe") {
    options_.path_mtu = PathMtu::probe;
  } else {
    end(usage_status, fmt::format("invalid -M argument: {}", text));
  }
}

// An IPv6 address (perhaps with the device behind '%'), an IPv4 address, or a device.
void Reader::take_source(const char* text) {
  const std::string_view all = text;
  if (all.find(':') == std::string_view::npos) {
    const auto address = Address::parse(all);
    if (!address || !address->is_ipv4()) {
      options_.device = all;
      return;
    }
    options_.source_v4 = *address;
    options_.strict_source = true;
    return;
  }
  const auto percent = all.find('%');
  if (percent != std::string_view::npos) options_.device = all.substr(percent + 1);
  const auto address = Address::parse(all.substr(0, percent));
  if (!address) return end(usage_status, fmt::format("invalid source address: {}", text));
  options_.source_v6 = *address;
  options_.strict_source = true;
}

void Reader::take_pattern(const char* text) {
  for (const char* digit = text; *digit != '\0'; ++digit) {
    if (std::isxdigit(static_cast<unsigned char>(*digit)) == 0)
      return end(usage_status, fmt::format("patterns must be specified as hex digits: {}", digit));
  }
  constexpr std::size_t most_bytes = 16;
  std::vector<std::byte> pattern;
  const std::string_view digits = text;
  for (std::size_t at = 0; at < digits.size() && pattern.size() < most_bytes; at += 2) {
    const std::string byte(digits.substr(at, 2));
    pattern.push_back(static_cast<std::byte>(std::strtoul(byte.c_str(), nullptr, 16)));
  }
  if (!options_.quiet) {
    std::string line = "PATTERN: 0x";
    for (const std::byte byte : pattern) line += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
    voice_->streams().out(line + '\n');
  }
  options_.pattern = std::move(pattern);
}

void Reader::show_version() {
  constexpr const char* version = "20250605";
  if (options_.json) {
    voice_->streams().out(json_version(version));
  } else {
    voice_->streams().out(fmt::format("ping from iputils {}\n", version));
    voice_->streams().out(
        "libcap: yes, IDN: yes, NLS: no, error.h: yes, getrandom(): yes, __fpending(): yes\n");
  }
  exit_ = Exit{0};
}

void Reader::take_flag(int letter) {
  switch (letter) {
    case '4':
      return take_family(Family::ipv4);
    case '6':
      return take_family(Family::ipv6);
    case '3':
      options_.precise = true;
      return;
    case 'a':
      options_.audible = true;
      return;
    case 'A':
      options_.adaptive = true;
      return;
    case 'b':
      options_.broadcast = true;
      return;
    case 'B':
      options_.strict_source = true;
      return;
    case 'D':
      options_.timestamps = true;
      return;
    case 'f':
      options_.flood = options_.numeric = true;
      return;  // names would take longer than the probes
    case 'H':
      options_.force_names = true;
      return;
    case 'j':
      options_.json = true;
      return voice_->speak_json(true);
    case 'L':
      options_.no_multicast_loop = true;
      return;
    case 'n':
      options_.numeric = true;
      options_.force_names = false;
      return;
    case 'O':
      options_.outstanding = true;
      return;
    case 'q':
      options_.quiet = true;
      return;
    case 'r':
      options_.dont_route = true;
      return;
    case 'R':
      if (options_.timestamp) return end(usage_status, "only one of -T or -R may be used");
      options_.record_route = true;
      return;
    case 'U':
      options_.user_latency = true;
      return;
    case 'v':
      options_.verbose = true;
      return;
    case 'V':
      return show_version();
    default:
      return;  // C and d: nothing that they change can be seen
  }
}

void Reader::take_value(int letter, const char* argument) {
  switch (letter) {
    case 'c':
      if (const auto n = whole_number(argument, 1, LONG_MAX)) options_.count = static_cast<std::uint64_t>(*n);
      return;
    case 'e':
      if (const auto n = natural_number(argument, 0xffff))
        options_.identifier = static_cast<std::uint16_t>(*n);
      return;
    case 'i':
      if (const auto s = seconds(argument, "bad timing interval", static_cast<double>(INT_MAX) / 1000)) {
        options_.interval_ms = static_cast<int>(*s * 1000);
        options_.interval_given = true;
      }
      return;
    case 'l':
      if (const auto n = whole_number(argument, 1, 0x10000)) options_.preload = static_cast<int>(*n);
      if (!surroundings_.is_root && options_.preload > 3) {
        end(usage_status, fmt::format("cannot set preload to value greater than 3: {}", options_.preload));
      }
      return;
    case 'm':
      if (const auto n = natural_number(argument, UINT_MAX)) options_.mark = static_cast<std::uint32_t>(*n);
      return;
    case 's':
      if (const auto n = whole_number(argument, 0, INT_MAX)) options_.size_bytes = static_cast<int>(*n);
      return;
    case 'S':
      whole_number(argument, 1, INT_MAX);
      return;
    case 't':
      if (const auto n = whole_number(argument, 0, 255)) options_.ttl = static_cast<int>(*n);
      return;
    case 'w':
      if (const auto n = whole_number(argument, 0, INT_MAX)) options_.deadline_s = static_cast<int>(*n);
      return;
    case 'W':
      if (const auto s = seconds(argument, "bad linger time", static_cast<double>(UINT_MAX) / 1000000))
        options_.linger = std::chrono::microseconds(static_cast<std::int64_t>(*s * 1000000));
      return;
    default:
      return take_name(letter, argument);
  }
}

void Reader::take_name(int letter, const char* argument) {
  switch (letter) {
    case 'F':
      return take_flow_label(argument);
    case 'I':
      return take_source(argument);
    case 'M':
      return take_path_mtu(argument);
    case 'N':
      options_.raw_only = true;
      if (const auto exit = node_query_.take(argument, *voice_); exit && !exit_) exit_ = exit;
      return;
    case 'p':
      return take_pattern(argument);
    case 'Q':
      return take_tos(argument);
    case 'T':
      return take_timestamp(argument);
    default:
      return;
  }
}

void Reader::take(int letter, const char* argument) {
  if (argument != nullptr) {
    take_value(letter, argument);
  } else {
    take_flag(letter);
  }
}

std::expected<Options, Exit> Reader::read(int count, char** arguments) {
  const std::string_view name = arguments[0];
  if (name.ends_with('4')) options_.family = Family::ipv4;
  if (name.ends_with('6')) options_.family = Family::ipv6;
  constexpr const char* letters = ":h?4bRT:6F:N:3aABc:CdDe:fHi:I:jl:Lm:M:nOp:qQ:rs:S:t:UvVw:W:";
  opterr = 0;  // said here, in whichever way the output is
  for (int letter = 0; (letter = ::getopt(count, arguments, letters)) != -1;) {
    if (letter == ':') {
      voice_->say(fmt::format("option requires an argument -- '{}'", static_cast<char>(optopt)));
      return std::unexpected(show_usage(*voice_));
    }
    if (letter == '?' && optopt != '?' && optopt != 0)
      voice_->say(fmt::format("invalid option -- '{}'", static_cast<char>(optopt)));
    if (letter == '?' || letter == 'h') return std::unexpected(show_usage(*voice_));
    take(letter, std::strchr(letters, letter)[1] == ':' ? optarg : nullptr);
    if (exit_) return std::unexpected(*exit_);
  }
  options_.node_query = node_query_.query();
  options_.operands.assign(arguments + optind, arguments + count);
  if (options_.numeric && surroundings_.lookup_switched_off && !options_.quiet)
    voice_->say("WARNING: reverse DNS resolution (PTR lookup) disabled, enforce with -H");
  // Without a host, and nothing to derive one from.
  if (options_.operands.empty())
    return std::unexpected(voice_->refuse(usage_status, "usage error", EDESTADDRREQ));
  return options_;
}

}  // namespace

std::expected<Options, Exit> read_options(int count, char** arguments, Surroundings surroundings,
                                          Voice& voice) {
  return Reader(surroundings, voice).read(count, arguments);
}

}  // namespace sonde::compat::ping
