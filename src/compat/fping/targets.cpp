// targets.cpp: see targets.hpp.
#include "compat/fping/targets.hpp"

#include <fmt/core.h>
#include <netdb.h>

#include <cstring>
#include <system_error>
#include <utility>

#include "compat/fping/json.hpp"
#include "compat/lookup.hpp"
#include "text/printable.hpp"

namespace sonde::compat::fping {

namespace {

constexpr std::uint64_t most_generated = 131'072;
constexpr std::size_t longest_name = 255;  // in a file

class TargetReader {
 public:
  TargetReader(const Options& options, HostFile* file, Streams& streams)
      : options_(options), file_(file), streams_(streams) {}

  std::expected<Hosts, Ending> read();

 private:
  using Done = std::expected<void, Ending>;
  std::unexpected<Ending> fail(const std::string& message, int status = 1) const {
    return std::unexpected(Ending{status, {}, options_.program + text::printable(message) + "\n"});
  }
  Done read_file();
  Done generate();
  Done generate_prefix(std::string written);
  Done generate_range(const Address& first, const Address& last, const std::string& zone);
  std::expected<Address, std::string> numeric(const std::string& text, std::optional<Family> family) const;

  void add_name(const std::string& name);
  void add_address(const std::string& name, const Address& address, bool is_numeric);
  void complain(const std::string& name, const std::string& why);

  const Options& options_;
  HostFile* file_;  // null: none was named
  Streams& streams_;
  Hosts hosts_;
};

std::expected<Hosts, Ending> TargetReader::read() {
  Done done;
  if (options_.generate) {
    done = generate();
  } else if (file_ != nullptr) {
    done = read_file();
  } else {
    for (const std::string& name : options_.operands) add_name(name);
  }
  if (!done) return std::unexpected(done.error());
  if (hosts_.list.empty()) return std::unexpected(Ending{hosts_.unknown > 0 ? 2 : 1, {}, {}});
  return std::move(hosts_);
}

// --- files ----------------------------------------------------------------------------------------------------------

TargetReader::Done TargetReader::read_file() {
  const auto failed = [this](const char* call) {
    return fail(fmt::format(": {} : {}", call, std::generic_category().message(file_->error())), 4);
  };
  if (file_->error() != 0) return failed("fopen");
  while (const auto name = file_->next()) {
    if (name->size() > longest_name) return fail(": target name too long");
    add_name(*name);
  }
  if (file_->error() != 0) return failed("read");
  return {};
}

// --- ranges ---------------------------------------------------------------------------------------------------------

std::expected<Address, std::string> TargetReader::numeric(const std::string& text,
                                                          std::optional<Family> family) const {
  auto found = look_up(text, family, AI_NUMERICHOST);
  if (!found) return std::unexpected(fmt::format("can't parse address {}: {}", text, found.error().text()));
  return found->addresses.front();
}

std::string zone_of(const std::string& text) {
  const std::size_t percent = text.find('%');
  return percent == text.npos ? std::string() : text.substr(percent);
}

TargetReader::Done TargetReader::generate() {
  const std::vector<std::string>& words = options_.operands;
  if (words.size() == 1) return generate_prefix(words[0]);
  if (words.size() > 2) return std::unexpected(usage(options_.program, false));
  const auto first = numeric(words[0], options_.family);
  if (!first) return fail(": " + first.error());
  const bool zones = !first->is_ipv4() && zone_of(words[0]) != zone_of(words[1]);
  if (zones) return fail(": different scopes for start and end addresses");
  const auto last = numeric(words[1], first->family());
  if (!last) return fail(": " + last.error());
  return generate_range(*first, *last, zone_of(words[0]));
}

TargetReader::Done TargetReader::generate_prefix(std::string written) {
  const std::size_t slash = written.rfind('/');
  if (slash == written.npos) return std::unexpected(usage(options_.program, false));
  const std::string zone = zone_of(written.substr(0, slash)), length_text = written.substr(slash + 1);
  if (zone.empty() && written.find('%') != written.npos)
    return fail(": address scope must precede prefix length");
  written.resize(slash);
  const bool digits = !length_text.empty() && length_text.size() < 10 &&
                      length_text.find_first_not_of("0123456789") == length_text.npos;
  if (!digits) return std::unexpected(usage(options_.program, false));
  const int length = std::stoi(length_text);
  const auto address = numeric(written, options_.family);
  if (!address) return fail(", " + address.error());
  const int shortest = address->is_ipv4() ? 1 : 65, longest = address->is_ipv4() ? 32 : 128;
  if (length < shortest || length > longest)
    return fail(fmt::format(": netmask must be between {} and {} (is: {})", shortest, longest, length));
  const Address bare = address->is_ipv4() ? *address : Address::ipv6(address->bytes().first<16>());
  const auto range = AddressRange::parse(fmt::format("{}/{}", bare.to_string(), length))->hosts();
  return generate_range(range.first(), range.last(), zone);
}

// How far apart two addresses of one family are; at most 2^64 - 1.
std::uint64_t distance(const Address& first, const Address& last) {
  const auto a = first.bytes(), b = last.bytes();
  std::uint64_t apart = 0;
  bool high = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (apart >> 55 != 0) high = true;
    apart = apart * 256 + std::to_integer<std::uint64_t>(b[i]) - std::to_integer<std::uint64_t>(a[i]);
  }
  return high ? ~std::uint64_t{0} : apart;
}

TargetReader::Done TargetReader::generate_range(const Address& first, const Address& last,
                                                const std::string& zone) {
  const auto before = [](const Address& a, const Address& b) {
    return std::memcmp(a.bytes().data(), b.bytes().data(), a.bytes().size()) < 0;
  };
  if (before(last, first)) return {};
  const std::uint64_t apart = distance(first, last);
  if (apart >= most_generated) return fail(": -g parameter generates too many addresses");
  const Address bare = first.is_ipv4() ? first : Address::ipv6(first.bytes().first<16>());
  hosts_.list.reserve(apart + 1);
  for (std::uint64_t i = 0; i <= apart; ++i) add_name(bare.plus(i)->to_string() + zone);
  return {};
}

// --- names ----------------------------------------------------------------------------------------------------------

void TargetReader::complain(const std::string& name, const std::string& why) {
  if (!options_.quiet) streams_.err(fmt::format("{}: {}\n", text::printable(name), why));
  if (options_.json) streams_.out(json_warning(name, why));
}

void TargetReader::add_name(const std::string& name) {
  // An address needs no resolver, and there may be very many.
  const auto address = Address::parse(name);
  if (address && (!options_.family || *options_.family == address->family()))
    return add_address(name, *address, true);
  const auto found = look_up(name, options_.family);
  if (!found) {
    ++hosts_.unknown;
    return complain(name, found.error().text());
  }
  const bool is_numeric =
      options_.name_of_address && look_up(name, options_.family, AI_NUMERICHOST).has_value();
  for (const Address& one : found->addresses) {
    add_address(name, one, is_numeric);
    if (!options_.all_addresses) return;
  }
}

void TargetReader::add_address(const std::string& name, const Address& address, bool is_numeric) {
  std::string shown = name;
  const bool wants_name = options_.name_of_any || options_.name_of_address;
  if (options_.name_of_any || (options_.name_of_address && is_numeric))
    shown = name_of(address).value_or(address.to_string());
  if (options_.show_address)
    shown = wants_name ? fmt::format("{} ({})", shown, address.to_string()) : address.to_string();
  // JSON escapes in its own way.
  hosts_.add(name, options_.json ? std::move(shown) : text::printable(shown), address);
}

}  // namespace

std::expected<Hosts, Ending> read_targets(const Options& options, HostFile* file, Streams& streams) {
  return TargetReader(options, file, streams).read();
}

}  // namespace sonde::compat::fping
