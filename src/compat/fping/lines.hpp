// lines.hpp: one line for each thing that happens to a probe, in fping's words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "compat/fping/host.hpp"
#include "compat/fping/options.hpp"
#include "sonde/event.hpp"

namespace sonde::compat::fping {

// An answer, as far as lines tell of it.
struct Reply {
  std::uint64_t index = 0;  // of the target's probes, from 0
  std::uint32_t bytes = 0;  // the ICMP message
  Nanoseconds rtt{};
  UnixTime received_at{};
  std::optional<Address> other_source;  // where it came from, if not from the target
  std::optional<std::uint8_t> ttl, tos;
  std::optional<IcmpTimes> timestamps;
};

// About three digits: "0.045", "1.23", "12.3", "123", "1.234e+06".
std::string milliseconds(Nanoseconds time);
// The same behind `text`: a summary has three for each of very many targets.
void append_milliseconds(std::string& text, Nanoseconds time);
void append_number(std::string& text, std::uint64_t number);

// "HOST is alive (...)", or what is left of it.
std::string alive_line(const Options& options, const Host& host, const Reply& reply);
// "HOST : [0], 64 bytes, 0.045 ms (0.045 avg, 0% loss)". The host's figures contain it already.
std::string reply_line(const Options& options, const Host& host, std::size_t width, const Reply& reply);
std::string timeout_line(const Options& options, const Host& host, std::size_t width, std::uint64_t index,
                         UnixTime now);
std::string duplicate_line(const Host& host, const Reply& reply);
// What comes in the middle of a line about an answer from elsewhere, on standard error.
std::string other_source_note(const Reply& reply);
// An ICMP error or note about a probe. Requires: the event has type and code.
std::string icmp_line(const Host& host, const Event& event);

// --- for both kinds of output ---
// The time as -D shows it, without brackets.
std::string timestamp(const Options& options, UnixTime time);

}  // namespace sonde::compat::fping
