// streams.hpp: where fping's words go: lines about probes to standard output, summaries and complaints to standard error.
//
// Whoever reads both from one pipe gets them in the order in which they were written.
#pragma once

#include <unistd.h>

#include <chrono>
#include <string_view>

#include "net/printable.hpp"
#include "report/output.hpp"

namespace sonde::compat::fping {

class Streams {
 public:
  void out(std::string_view text) {
    if (errors_.pending() > 0) errors_.flush();
    output_.write(text);
  }
  void err(std::string_view text) {
    if (output_.pending() > 0) output_.flush();
    errors_.write(net::printable_lines(text));
  }
  // What waits for a slow reader stays for the next time.
  void flush() {
    output_.flush(std::chrono::milliseconds(0));
    errors_.flush(std::chrono::milliseconds(0));
  }
  // At the end the reader may take its time.
  void finish() {
    for (report::Output* stream : {&output_, &errors_}) {
      while (stream->pending() > 0 && !stream->error()) stream->flush();
    }
  }
  // Nobody reads standard output any more.
  bool broken() const { return output_.error().has_value(); }

 private:
  report::Output output_{STDOUT_FILENO, "standard output"};
  report::Output errors_{STDERR_FILENO, "standard error"};
};

}  // namespace sonde::compat::fping
