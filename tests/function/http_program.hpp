// http_program.hpp: `sonde function` as an HTTP server, listening.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "function/function_program.hpp"

namespace sonde::function::test {

// The program, listening.
class Server {
 public:
  explicit Server(std::vector<std::string> arguments = {})
      : program_(function_program({}, with_listen(std::move(arguments)))) {
    const std::string before = "listening on http://127.0.0.1:";
    if (!program_.wait_for_errors("/\n")) throw std::runtime_error("does not listen: " + program_.errors());
    port_ = static_cast<std::uint16_t>(
        std::stoul(program_.errors().substr(program_.errors().find(before) + before.size())));
  }
  std::uint16_t port() const { return port_; }
  lab::Process& program() { return program_; }

 private:
  static std::vector<std::string> with_listen(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--listen", "127.0.0.1:0"});
    return arguments;
  }

  lab::Process program_;
  std::uint16_t port_ = 0;
};

}  // namespace sonde::function::test
