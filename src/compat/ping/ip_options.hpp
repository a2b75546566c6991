// ip_options.hpp: the IPv4 options that -R, -T and hops ask for (RFC 791), and what answers brought back in them.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "compat/ping/destination.hpp"
#include "compat/ping/options.hpp"

namespace sonde::compat::ping {

// As they are sent; empty: none.
std::vector<std::byte> requested_ip_options(const Options& options, const Destination& destination);
// What the header and the limit of -s count for them.
int counted_ip_option_bytes(const Options& options);

// Writes the options of answers; an unchanged route is not repeated.
class IpOptionsText {
 public:
  using NameHost = std::function<std::string(const Address&)>;

  explicit IpOptionsText(NameHost name) : name_(std::move(name)) {}
  std::string text(std::span<const std::byte> options);

 private:
  std::string option_text(std::uint8_t type, std::span<const std::byte> option);
  std::string source_route(std::byte type, std::span<const std::byte> option) const;
  std::string recorded_route(std::span<const std::byte> option);
  std::string timestamps(std::span<const std::byte> option) const;
  std::string host(std::span<const std::byte> four_bytes) const;

  NameHost name_;
  std::vector<std::byte> last_route_;
};

}  // namespace sonde::compat::ping
