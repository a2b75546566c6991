// terminal.cpp: see terminal.hpp.
#include "lab/terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

namespace sonde::lab {

namespace {

void need(bool done, const char* what) {
  if (!done) throw LabError(std::string("no terminal: ") + what);
}

}  // namespace

OnTerminal::OnTerminal(const Namespace& space, Command command, TerminalSize size)
    : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
  need(static_cast<bool>(master_), "posix_openpt");
  need(::grantpt(master_.number()) == 0 && ::unlockpt(master_.number()) == 0, "unlockpt");
  resize(size);
  std::array<char, 64> name{};
  need(::ptsname_r(master_.number(), name.data(), name.size()) == 0, "ptsname_r");
  // Held until the program has it, as a terminal that nobody holds reads as closed.
  slave_ = Descriptor(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  need(static_cast<bool>(slave_), "open");
  // The first terminal that the leader of a session opens is its controlling one.
  // Variables are set behind the shell, which of two values would take the other than programs do.
  std::vector<std::string> line = {
      "/usr/bin/setsid", "/bin/sh", "-c", "exec \"$@\" < \"$0\" > \"$0\" 2>&1", name.data(), "/usr/bin/env"};
  line.insert(line.end(), command.environment.begin(), command.environment.end());
  command.environment.clear();
  line.insert(line.end(), command.arguments.begin(), command.arguments.end());
  command.arguments = std::move(line);
  process_.emplace(space.start(std::move(command)));
}

bool OnTerminal::wait_until(const std::function<bool(const std::string& seen)>& is_it,
                            std::chrono::seconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!is_it(seen())) {
    if (std::chrono::steady_clock::now() >= until || !read_some()) return is_it(seen());
  }
  return true;
}

bool OnTerminal::wait_for(std::string_view text, std::chrono::seconds limit) {
  return wait_until([&](const std::string& /*seen*/) { return seen_.find(text) != std::string::npos; },
                    limit);
}

bool OnTerminal::wait_for_more(std::string_view text) {
  before_ += std::exchange(seen_, {});
  return wait_for(text);
}

Finished OnTerminal::wait() {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < until && read_some()) {
  }
  return process_->wait();
}

void OnTerminal::type(std::string_view keys) const {
  need(::write(master_.number(), keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()), "write");
}

void OnTerminal::resize(TerminalSize size) const {
  const winsize wanted{size.rows, size.columns, 0, 0};
  need(::ioctl(master_.number(), TIOCSWINSZ, &wanted) == 0, "TIOCSWINSZ");
}

bool OnTerminal::is_as_shells_leave_it() const {
  termios state{};
  need(::tcgetattr(master_.number(), &state) == 0, "tcgetattr");
  constexpr tcflag_t usual = ECHO | ICANON | ISIG;
  return (state.c_lflag & usual) == usual;
}

bool OnTerminal::read_some() {
  pollfd waiting{master_.number(), POLLIN, 0};
  if (::poll(&waiting, 1, 200) <= 0) return true;
  std::array<char, 4096> buffer{};
  const ssize_t got = ::read(master_.number(), buffer.data(), buffer.size());
  if (got <= 0) return false;  // EIO: the program has closed the terminal
  slave_ = Descriptor();
  seen_.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

}  // namespace sonde::lab
