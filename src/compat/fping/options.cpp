// options.cpp: see options.hpp. Options are taken one after the other, and the first that cannot be ends the program.
#include "compat/fping/options.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "compat/fping/words.hpp"
#include "text/printable.hpp"

namespace sonde::compat::fping {

namespace {

constexpr std::string_view imitated_version = "5.5";

constexpr auto names = std::to_array<OptionName>({
    {"ipv4", '4', false},
    {"ipv6", '6', false},
    {"alive", 'a', false},
    {"addr", 'A', false},
    {"size", 'b', true},
    {"backoff", 'B', true},
    {"count", 'c', true},
    {"vcount", 'C', true},
    {"rdns", 'd', false},
    {"timestamp", 'D', false},
    {"timestamp-format", 0, true},
    {"elapsed", 'e', false},
    {"file", 'f', true},
    {"generate", 'g', false},
    {"help", 'h', false},
    {"ttl", 'H', true},
    {"interval", 'i', true},
    {"iface", 'I', true},
    {"oiface", 0, true},
    {"json", 'J', false},
    {"icmp-timestamp", 0, false},
    {"fwmark", 'k', true},
    {"loop", 'l', false},
    {"all", 'm', false},
    {"dontfrag", 'M', false},
    {"name", 'n', false},
    {"netdata", 'N', false},
    {"outage", 'o', false},
    {"tos", 'O', true},
    {"period", 'p', true},
    {"quiet", 'q', false},
    {"squiet", 'Q', true},
    {"retry", 'r', true},
    {"random", 'R', false},
    {"stats", 's', false},
    {"src", 'S', true},
    {"timeout", 't', true},
    {"", 'T', true},  // a number that fping 2 had a use for
    {"unreach", 'u', false},
    {"version", 'v', false},
    {"reachable", 'x', true},
    {"fast-reachable", 'X', true},
    {"check-source", 0, false},
    {"print-tos", 0, false},
    {"print-ttl", 0, false},
    {"seqmap-timeout", 0, true},
});

// Blanks in front are allowed, anything behind the number is not, nor a sign in front of a whole one.
std::optional<std::uint32_t> whole(const std::string& text, int base = 10) {
  const char* begin = text.c_str();
  while (std::isspace(static_cast<unsigned char>(*begin)) != 0) ++begin;
  if (*begin == '-') return std::nullopt;
  char* end = nullptr;
  errno = 0;
  const unsigned long value = std::strtoul(begin, &end, base);
  if (errno != 0 || end == begin || *end != '\0' || value > std::numeric_limits<std::uint32_t>::max())
    return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

struct Decimal {
  double value = 0;
  std::string rest;
};

std::optional<Decimal> decimal_with_rest(const std::string& text) {
  char* end = nullptr;
  errno = 0;
  const double value = std::strtod(text.c_str(), &end);
  if (errno != 0 || end == text.c_str() || !(value >= 0) || std::isinf(value)) return std::nullopt;
  return Decimal{value, end};
}

std::optional<double> decimal(const std::string& text) {
  const auto read = decimal_with_rest(text);
  return read && read->rest.empty() ? std::optional(read->value) : std::nullopt;
}

// A year is more than anybody waits, and keeps sums of times within their type.
constexpr double longest_ns = 3.1e16;

Nanoseconds nanoseconds(double value) {
  return Nanoseconds(static_cast<std::int64_t>(std::min(value, longest_ns)));
}

template <typename T>
bool take(std::optional<T> read, T& into) {
  if (read) into = *read;
  return read.has_value();
}

bool take_milliseconds(const std::string& text, Nanoseconds& into) {
  const auto read = decimal(text);
  if (read) into = nanoseconds(*read * 1e6);
  return read.has_value();
}

bool take_positive(const std::string& text, std::uint32_t& into) {
  return take(whole(text), into) && into != 0;
}

// One after the other; what is wrong with an option is said as soon as it is met.
class Reader {
 public:
  explicit Reader(std::string program) { options_.program = std::move(program); }

  // False: the value is none, which the usage text answers.
  bool take_option(const OptionName& name, const std::string& value);
  const std::optional<Ending>& ending() const { return ending_; }
  Options& options() { return options_; }

 private:
  bool take_letter(char letter, const std::string& value);
  bool take_switch(char letter);
  bool take_long(std::string_view name, const std::string& value);
  void fail(const std::string& message) {
    ending_ = Ending{1, {}, options_.program + ": " + text::printable(message) + "\n"};
  }
  void take_family(Family family);
  bool take_source(const std::string& text);
  bool take_report_interval(const std::string& text);

  Options options_;
  std::optional<Ending> ending_;
};

void Reader::take_family(Family family) {
  if (options_.family && *options_.family != family) return fail("can't specify both -4 and -6");
  options_.family = family;
}

bool Reader::take_source(const std::string& text) {
  std::array<std::byte, 16> bytes{};
  if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
    options_.source_v4 = Address::ipv4(std::span(bytes).first<4>());
  } else if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) {
    options_.source_v6 = Address::ipv6(bytes);
  } else {
    fail("can't parse source address: " + text);
  }
  return true;
}

bool Reader::take_report_interval(const std::string& text) {
  options_.quiet = true;
  options_.verbose = false;
  const auto read = decimal_with_rest(text);
  if (!read || (!read->rest.empty() && read->rest.front() != ',')) return false;
  options_.report_interval = nanoseconds(read->value * 1e9);
  if (read->rest == ",cumulative") options_.cumulative = true;
  return true;
}

bool Reader::take_option(const OptionName& name, const std::string& value) {
  if (name.letter == 0) return take_long(name.long_name, value);
  return name.takes_value ? take_letter(name.letter, value) : take_switch(name.letter);
}

bool Reader::take_long(std::string_view name, const std::string& value) {
  if (name == "timestamp-format") {
    constexpr std::array<std::pair<std::string_view, TimestampFormat>, 3> formats{
        {{"ctime", TimestampFormat::ctime},
         {"iso", TimestampFormat::iso},
         {"rfc3339", TimestampFormat::rfc3339}}};
    for (const auto& [written, format] : formats) {
      if (written == value) options_.timestamp_format = format;
    }
    return options_.timestamp_format != TimestampFormat::seconds;
  }
  if (name == "icmp-timestamp") {
    if (options_.family == Family::ipv6) {
      fail("ICMP Timestamp is IPv4 only");
    } else {
      options_.family = Family::ipv4;
      options_.icmp_timestamp = true;
    }
    return true;
  }
  if (name == "seqmap-timeout") return decimal(value).has_value();  // numbers are never short here
  if (name == "oiface") options_.outgoing_interface = value;
  if (name == "check-source") options_.check_source = true;
  if (name == "print-tos") options_.print_tos = true;
  if (name == "print-ttl") options_.print_ttl = true;
  return true;
}

bool Reader::take_letter(char letter, const std::string& value) {
  Options& o = options_;
  switch (letter) {
    case 'b':
      o.size_given = true;
      return take(whole(value), o.size_bytes);
    case 'B':
      return take(decimal(value), o.backoff);
    case 'C':
      o.all_rtts = true;
      [[fallthrough]];
    case 'c':
      o.counted = true;
      return take_positive(value, o.count);
    case 'f':
      o.file = value;
      return true;
    case 'H':
      return take_positive(value, o.ttl_wanted);
    case 'i':
      return take_milliseconds(value, o.gap);
    case 'I':
      o.interface = value;
      return true;
    case 'k': {
      std::uint32_t mark = 0;
      if (!take_positive(value, mark)) return false;
      o.mark = mark;
      return true;
    }
    case 'O': {
      const auto tos = whole(value, 0);
      if (!tos || *tos > 255) return false;
      o.tos = static_cast<std::uint8_t>(*tos);
      return true;
    }
    case 'p':
      return take_milliseconds(value, o.period);
    case 'Q':
      return take_report_interval(value);
    case 'r':
      return take(whole(value), o.retries);
    case 'S':
      return take_source(value);
    case 't':
      o.timeout_given = true;
      return take_milliseconds(value, o.timeout);
    case 'X':
      o.fast_reachable = true;
      [[fallthrough]];
    case 'x':
      return take_positive(value, o.min_reachable);
    default:  // -T
      return true;
  }
}

bool Reader::take_switch(char letter) {
  Options& o = options_;
  switch (letter) {
    case '4':
    case '6':
      take_family(letter == '4' ? Family::ipv4 : Family::ipv6);
      break;
    case 'h':
      ending_ = usage(o.program, true);
      break;
    case 'v':
      ending_ = Ending{0, fmt::format("{}: Version {}\n", o.program, imitated_version), {}};
      break;
    case 'n':
    case 'd':
      (letter == 'n' ? o.name_of_address : o.name_of_any) = true;
      if (o.name_of_address && o.name_of_any) fail("use either one of -d or -n");
      break;
    case 'q':
      o.quiet = true;
      o.verbose = false;
      break;
    default: {
      const std::array<std::pair<char, bool*>, 14> switches{{{'a', &o.alive},
                                                             {'A', &o.show_address},
                                                             {'D', &o.timestamps},
                                                             {'e', &o.elapsed},
                                                             {'g', &o.generate},
                                                             {'J', &o.json},
                                                             {'l', &o.looping},
                                                             {'m', &o.all_addresses},
                                                             {'M', &o.dont_fragment},
                                                             {'N', &o.netdata},
                                                             {'o', &o.outage},
                                                             {'R', &o.random_data},
                                                             {'s', &o.stats},
                                                             {'u', &o.unreachable}}};
      for (const auto& [known, on] : switches) {
        if (known == letter) *on = true;
      }
    }
  }
  return true;
}

}  // namespace

std::expected<Options, Ending> read_options(std::span<char* const> arguments) {
  const std::string program = text::printable(arguments.empty() ? "fping" : arguments.front());
  Reader reader(program);
  if (program.find("fping6") != program.npos) reader.options().family = Family::ipv6;
  WordReader words(names, arguments.empty() ? arguments : arguments.subspan(1));
  while (const auto found = words.next()) {
    if (found->name == nullptr) {
      return std::unexpected(Ending{1,
                                    {},
                                    fmt::format("{}: {}\nsee 'fping -h' for usage information\n", program,
                                                text::printable(found->complaint))});
    }
    if (!reader.take_option(*found->name, found->value)) return std::unexpected(usage(program, false));
    if (reader.ending()) return std::unexpected(*reader.ending());
  }
  reader.options().operands = words.operands();
  return std::move(reader.options());
}

namespace {

std::optional<std::string> contradiction(const Options& o) {
  constexpr std::uint32_t most_bytes = 65'507;  // of an IPv4 packet behind its header and ICMP's
  const bool may_do_anything = ::getuid() == 0;
  if (o.ttl_wanted > 255) return fmt::format("ttl {} out of range", o.ttl_wanted);
  if (o.unreachable && o.alive) return "specify only one of a, u";
  if (!o.interface.empty() && !o.outgoing_interface.empty()) return "specify only --oiface or -I, --iface";
  if (o.counted && o.looping) return "specify only one of c, l";
  if (o.json && !o.counted && !o.looping) return "option -J, --json requires -c, -C, or -l";
  if (o.period < std::chrono::microseconds(1) && !may_do_anything) return "-p must be >= 0.001";
  if (o.size_bytes > most_bytes)
    return fmt::format("data size {} not valid, must not be larger than {}", o.size_bytes, most_bytes);
  if (o.backoff > 5 || o.backoff < 1)
    return fmt::format("backoff factor {:.1f} not valid, must be between 1.0 and 5.0", o.backoff);
  if (o.icmp_timestamp && o.size_given) return "cannot change ICMP Timestamp size";
  return std::nullopt;
}

}  // namespace

std::expected<void, Ending> settle(Options& o) {
  if (const auto wrong = contradiction(o))
    return std::unexpected(Ending{1, {}, o.program + ": " + *wrong + "\n"});
  if (o.ttl_wanted != 0) o.ttl = static_cast<std::uint8_t>(o.ttl_wanted);
  o.mode = o.counted ? Mode::count : o.looping ? Mode::loop : Mode::until_answered;
  if (o.mode == Mode::count) o.each_probe = o.verbose;
  if (o.mode == Mode::loop) o.each_probe = o.report_interval == Nanoseconds::zero();
  if (o.mode != Mode::until_answered) {
    o.alive = o.unreachable = o.verbose = false;
    // A late answer would otherwise come when the next one is due.
    if (!o.timeout_given) o.timeout = std::min<Nanoseconds>(o.period, std::chrono::seconds(2));
  }
  if (o.alive || o.unreachable || o.min_reachable != 0) o.verbose = false;
  const bool operands = !o.operands.empty(), file = o.file.has_value();
  if ((operands && file) || (file && o.generate) || (o.generate && !operands))
    return std::unexpected(usage(o.program, false));
  if (!operands && !file) o.file = "-";
  return {};
}

}  // namespace sonde::compat::fping
