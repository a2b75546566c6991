// live_display.cpp: see live_display.hpp.
#include "cli/live_display.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace sonde::cli {

std::pair<std::size_t, std::size_t> terminal_size(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {80, 24};
  return {size.ws_col, size.ws_row};
}

LiveDisplay::LiveDisplay(int descriptor, bool colour, bool unicode, std::string title)
    : descriptor_(descriptor) {
  view_.colour = colour;
  view_.unicode = unicode;
  view_.title = std::move(title);
  resized();
  write(report::live_enter);
}

LiveDisplay::~LiveDisplay() {
  write(report::live_leave);
}

void LiveDisplay::resized() {
  std::tie(view_.width, view_.height) = terminal_size(descriptor_);
  next_frame_ = {};
}

void LiveDisplay::draw(MonotonicTime now, std::string status) {
  view_.status = std::move(status);
  write(report::live_frame(report::render_live_table(rows_, view_)));
  next_frame_ = now + refresh;
}

// A terminal that does not take a frame just misses it.
void LiveDisplay::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace sonde::cli
