// terminal.hpp: a program on a terminal of its own, which is its input, output and errors, and its controlling one.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lab/network.hpp"
#include "lab/process.hpp"

namespace sonde::lab {

struct TerminalSize {
  unsigned short rows = 24, columns = 80;
};

class OnTerminal {
 public:
  // `command` says its own TERM. Throws LabError when there is no terminal to be had.
  OnTerminal(const Namespace& space, Command command, TerminalSize size);

  // Reads until the text was seen; false when `limit` passes or the program closes the terminal before.
  bool wait_for(std::string_view text, std::chrono::seconds limit = std::chrono::seconds(10));
  // Once more than it was seen by now.
  bool wait_for_more(std::string_view text);
  // Reads until what was seen in all is as `is_it` wants it; else as above.
  bool wait_until(const std::function<bool(const std::string& seen)>& is_it,
                  std::chrono::seconds limit = std::chrono::seconds(10));
  // Until it ends.
  Finished wait();

  void type(std::string_view keys) const;
  // The program is told by SIGWINCH.
  void resize(TerminalSize size) const;
  // Letters are shown as they are typed, and lines are handed over whole: as a shell leaves a terminal.
  bool is_as_shells_leave_it() const;

  const Process& process() const { return *process_; }
  std::string seen() const { return before_ + seen_; }

 private:
  bool read_some();

  Descriptor master_, slave_;
  std::optional<Process> process_;
  std::string before_, seen_;
};

}  // namespace sonde::lab
