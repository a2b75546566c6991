// live_display.hpp: the live table on the terminal: who is shown, when it is drawn, and giving the terminal back.
//
// Threads: not locked; the run's own thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "report/live_table.hpp"
#include "sonde/time.hpp"

namespace sonde::cli {

class LiveDisplay {
 public:
  static constexpr Nanoseconds refresh = std::chrono::milliseconds(100);
  // More rows than this are not worth their cost; the caller shows lines instead.
  static constexpr std::size_t most_rows = 4096;

  // Takes over the terminal on `descriptor`.
  LiveDisplay(int descriptor, bool colour, bool unicode, std::string title);
  ~LiveDisplay();  // gives it back
  LiveDisplay(const LiveDisplay&) = delete;
  LiveDisplay& operator=(const LiveDisplay&) = delete;

  std::vector<report::LiveRow>& rows() { return rows_; }
  // The window has another size.
  void resized();
  MonotonicTime next_frame() const { return next_frame_; }
  void draw(MonotonicTime now, std::string status);
  // Gives the terminal back for as long as `write_lines` runs: what it writes is seen when the table is gone.
  template <typename WriteLines>
  void step_aside(WriteLines write_lines) {
    write(report::live_leave);
    write_lines();
    write(report::live_enter);
    next_frame_ = {};
  }

 private:
  void write(std::string_view text);

  int descriptor_;
  report::LiveView view_;
  std::vector<report::LiveRow> rows_;
  MonotonicTime next_frame_{};
};

// Columns and lines of the terminal; 80 x 24 when it does not tell.
std::pair<std::size_t, std::size_t> terminal_size(int descriptor);

}  // namespace sonde::cli
