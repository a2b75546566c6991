// voice.hpp: what ping says: its lines on standard output, and complaints on standard error, its name as it was called by
// before each, as error(3) writes it. With -j a complaint is a JSON object on standard output instead.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "compat/streams.hpp"

namespace sonde::compat::ping {

// A call that ends the program: nothing but the exit status, as the text was said already.
struct Exit {
  int status = 0;
};

inline constexpr int refusal_status = 2;

class Voice {
 public:
  Voice(std::string name, Streams& streams) : name_(std::move(name)), streams_(&streams) {}

  void speak_json(bool json) { json_ = json; }
  Streams& streams() const { return *streams_; }
  const std::string& name() const { return name_; }

  // "ping: text", ": strerror" behind it unless `system_errno` is 0, and what is to stand behind that.
  void say(std::string_view text, int system_errno = 0, std::string_view behind = {}) const;
  // Says it, and how the program ends for it.
  Exit refuse(int status, std::string_view text, int system_errno = 0) const {
    say(text, system_errno);
    return {status};
  }

 private:
  std::string name_;
  Streams* streams_;
  bool json_ = false;
};

}  // namespace sonde::compat::ping
