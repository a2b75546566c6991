// screen.cpp: see screen.hpp. By ncurses.
#include "compat/oping/screen.hpp"

#include <fmt/format.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

// Its functions, not the macros by the same names, which are words that others use.
#define NCURSES_NOMACROS
#include <ncurses.h>

#include "net/memory.hpp"

namespace sonde::compat::oping {

namespace {

enum Pair : short { green = 1, yellow, red, green_bar, yellow_bar, red_bar };

// Of bars, from the lowest; without UTF-8 what DEC's terminals have for scan lines 9 to 1.
constexpr std::array<const char*, 8> bars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<chtype, 5> scan_lines = {'s', 'r', 'q', 'p', 'o'};
constexpr chtype horizontal = 'q', tee_right = 't', tee_left = 'u', vertical = 'x';
constexpr chtype line_drawing = A_ALTCHARSET;

constexpr int margin = 2;  // of a box, its border with it

constexpr std::string_view prompt = "New Host: ";

struct EndWindow {
  void operator()(WINDOW* window) const { ::delwin(window); }
};
struct EndTerminal {
  // Its memory goes with the process: delscreen() takes some, and crashes where there is none.
  void operator()(SCREEN* /*terminal*/) const { ::endwin(); }
};
using Window = std::unique_ptr<WINDOW, EndWindow>;

chtype shade_attribute(Shade shade, bool bar_on_bar) {
  const auto pair = [&](Pair one, Pair other) {
    return static_cast<chtype>(COLOR_PAIR(bar_on_bar ? other : one));
  };
  switch (shade) {
    case Shade::plain:
      return A_NORMAL;
    case Shade::green:
      return pair(green, green_bar);
    case Shade::yellow:
      return pair(yellow, yellow_bar);
    case Shade::red:
      return pair(red, red_bar);
  }
  return A_NORMAL;
}

// In letters that every terminal has, or DEC's for lines.
chtype letter_of(const Cell& cell) {
  const chtype shade = shade_attribute(cell.shade, false);
  switch (cell.kind) {
    case Cell::Kind::blank:
      return ' ';
    case Cell::Kind::level:
      return scan_lines.at(cell.level) | line_drawing | shade;
    case Cell::Kind::lost:
      return '!' | A_BOLD | shade;
    case Cell::Kind::whisker:
      return horizontal | line_drawing;
    case Cell::Kind::left_end:
      return tee_right | line_drawing;
    case Cell::Kind::right_end:
      return tee_left | line_drawing;
    case Cell::Kind::box:
      return ' ' | A_REVERSE;
    case Cell::Kind::median:
      return vertical | line_drawing | A_REVERSE;
  }
  return ' ';
}

void prepare_colours() {
  constexpr short usual = -1;
  ::start_color();
  ::use_default_colors();
  ::init_pair(green, COLOR_GREEN, usual);
  ::init_pair(yellow, COLOR_YELLOW, usual);
  ::init_pair(red, COLOR_RED, usual);
  // Where a full bar begins anew the one before it stays behind it.
  ::init_pair(green_bar, COLOR_GREEN, usual);
  ::init_pair(yellow_bar, COLOR_YELLOW, COLOR_GREEN);
  ::init_pair(red_bar, COLOR_RED, COLOR_YELLOW);
}

}  // namespace

struct Screen::Windows {
  std::unique_ptr<SCREEN, EndTerminal> terminal;  // outlives the windows
  Window lines;
  std::vector<Window> boxes;

  std::size_t hosts = 0;
  Graph graph{};
  int box_lines = 0;
  double interval_ms = 0, percentile = 0;
  bool utf8 = false, colours = false;
  std::optional<std::string> entry{};  // the host that is being typed

  // Of each box, and how many there are, on a terminal of so many rows.
  struct Layout {
    int box_rows = 1, boxes = 0;
  };
  Layout layout(int rows) const;
  void arrange();
  void move_lines_to(int rows);

  std::vector<Cell> cells(const History& history, const SortedTimes& times, int width) const;
  void draw(WINDOW* box, int row, std::span<const Cell> cells) const;
  void draw_frame(WINDOW* box, const std::string& name) const;

  void begin_line() const;
  void end_line() const;
  void take_key(int key, Wish& wish);
  void take_letter(int key, Wish& wish);
};

// --- where things are ---------------------------------------------------------------------------------------------

Screen::Windows::Layout Screen::Windows::layout(int rows) const {
  constexpr int least_line_rows = 2;  // the last line, and the cursor's below it
  const int room = std::max(rows - least_line_rows, 0);
  const int wanted = static_cast<int>(std::min<std::size_t>(hosts, static_cast<std::size_t>(room)));
  int box_rows = std::max(graph == Graph::none ? box_lines - 1 : box_lines, 1);
  if (wanted > 0) box_rows = std::clamp(room / wanted, 1, box_rows);
  return {box_rows, wanted};
}

// The last lines stay in sight, and the last of all at the bottom.
void Screen::Windows::move_lines_to(int rows) {
  const int before = ::getmaxy(lines.get()), column = ::getcurx(lines.get());
  if (rows < before) ::wscrl(lines.get(), before - rows);
  ::wresize(lines.get(), rows, ::getmaxx(stdscr));
  if (rows > before) ::wscrl(lines.get(), before - rows);
  ::wmove(lines.get(), rows - 1, std::min(column, ::getmaxx(stdscr) - 1));
}

void Screen::Windows::arrange() {
  const int rows = ::getmaxy(stdscr), columns = ::getmaxx(stdscr);
  const Layout wanted = layout(rows);
  const int line_rows = std::max(rows - wanted.boxes * wanted.box_rows, 1);
  boxes.clear();
  if (!lines) {
    lines.reset(::newwin(line_rows, columns, 0, 0));
    ::scrollok(lines.get(), true);
    ::idlok(lines.get(), true);
    ::nodelay(lines.get(), true);
    ::keypad(lines.get(), true);
    ::wmove(lines.get(), line_rows - 1, 0);
  }
  move_lines_to(line_rows);
  for (int place = 0; place < wanted.boxes; ++place)
    boxes.emplace_back(::newwin(wanted.box_rows, columns, line_rows + place * wanted.box_rows, 0));
  ::werase(stdscr);
  ::touchwin(stdscr);
  ::wnoutrefresh(stdscr);
  ::touchwin(lines.get());
  ::wnoutrefresh(lines.get());
}

// --- what is in a box ---------------------------------------------------------------------------------------------

std::vector<Cell> Screen::Windows::cells(const History& history, const SortedTimes& times, int width) const {
  const GraphStyle style{.width = static_cast<std::size_t>(std::max(width, 0)),
                         .interval_ms = interval_ms,
                         .levels = utf8 ? bars.size() : scan_lines.size(),
                         .has_colours = colours};
  switch (graph) {
    case Graph::none:
      break;
    case Graph::over_time:
      return graph_over_time(history, style);
    case Graph::histogram:
      return histogram(times, style);
    case Graph::box_plot:
      return box_plot(times, style);
  }
  return {};
}

void Screen::Windows::draw(WINDOW* box, int row, std::span<const Cell> cells) const {
  ::wmove(box, row, margin);
  for (const Cell& cell : cells) {
    if (utf8 && cell.kind == Cell::Kind::level) {
      ::wattrset(box, static_cast<int>(shade_attribute(cell.shade, graph == Graph::over_time)));
      ::waddstr(box, bars.at(cell.level));
      ::wattrset(box, A_NORMAL);
    } else {
      ::waddch(box, letter_of(cell));
    }
  }
}

void Screen::Windows::draw_frame(WINDOW* box, const std::string& name) const {
  const int width = ::getmaxx(box);
  if (::getmaxy(box) == 1 && graph != Graph::none) {
    ::mvwaddstr(box, 0, margin - 1, "[");
    ::mvwaddstr(box, 0, width - margin, "]");
    return;
  }
  constexpr int title_at = 5;
  ::box(box, 0, 0);
  ::wattrset(box, static_cast<int>(A_BOLD));
  ::mvwaddnstr(box, 0, title_at, fmt::format(" {} ", name).c_str(), width - title_at - 1);
  ::wattrset(box, A_NORMAL);
  ::waddnstr(box, "ping statistics ", std::max(width - ::getcurx(box) - 1, 0));
}

void Screen::show(std::size_t place, const std::string& name, const History& history) {
  if (place >= windows_->boxes.size()) return;
  WINDOW* box = windows_->boxes[place].get();
  if (box == nullptr) return;
  const bool has_graph = windows_->graph != Graph::none;
  const int rows = ::getmaxy(box), width = ::getmaxx(box) - 2 * margin;
  const SortedTimes times(history);
  ::werase(box);
  windows_->draw_frame(box, name);
  const int text_rows = rows - 2 - (has_graph ? 1 : 0);
  if (text_rows >= 1) ::mvwaddnstr(box, 1, margin, packets_text(history).c_str(), width);
  if (text_rows >= 2 && !times.empty())
    ::mvwaddnstr(box, 2, margin, times_text(times, windows_->percentile).c_str(), width);
  if (has_graph) windows_->draw(box, rows > 2 ? rows - 2 : rows - 1, windows_->cells(history, times, width));
  ::wnoutrefresh(box);
}

// --- lines --------------------------------------------------------------------------------------------------------

// What is being typed makes way for a line, and stands behind it again.
void Screen::Windows::begin_line() const {
  if (!entry) return;
  ::wmove(lines.get(), ::getcury(lines.get()), 0);
  ::wclrtoeol(lines.get());
}

void Screen::Windows::end_line() const {
  if (entry) ::waddstr(lines.get(), fmt::format("{}{}", prompt, *entry).c_str());
  ::wnoutrefresh(lines.get());
}

void Screen::write(const ProbeLine& line, std::optional<double> share) {
  WINDOW* lines = windows_->lines.get();
  windows_->begin_line();
  ::waddstr(lines, line.before.c_str());
  if (windows_->colours) {
    const chtype shade = shade_attribute(share ? shade_of_share(*share) : Shade::red, false);
    ::wattrset(lines, static_cast<int>(share ? shade : shade | A_BOLD));
  }
  ::waddstr(lines, line.mark.c_str());
  ::wattrset(lines, A_NORMAL);
  ::waddstr(lines, (line.after + '\n').c_str());
  windows_->end_line();
}

void Screen::write(std::string_view text) {
  windows_->begin_line();
  ::waddstr(windows_->lines.get(), fmt::format("{}\n", text).c_str());
  windows_->end_line();
}

void Screen::ring() {
  ::beep();
}

void Screen::update() {
  // The cursor stands where one types.
  ::wnoutrefresh(windows_->lines.get());
  ::doupdate();
}

// --- keys ---------------------------------------------------------------------------------------------------------

void Screen::Windows::take_key(int key, Wish& wish) {
  const int lines_before = box_lines;
  switch (key) {
    case 'g':
      if (graph == Graph::none) return;
      graph = graph == Graph::over_time   ? Graph::histogram
              : graph == Graph::histogram ? Graph::box_plot
                                          : Graph::over_time;
      wish.redraw = true;
      return;
    case '+':
    case '-':
      box_lines = std::clamp(box_lines + (key == '+' ? 1 : -1), 1, Options::most_box_lines);
      if (box_lines == lines_before) return;
      arrange();
      wish.redraw = true;
      return;
    case 'a':
      entry.emplace();
      end_line();
      return;
    default:
      return;
  }
}

void Screen::Windows::take_letter(int key, Wish& wish) {
  constexpr int escape = 27, backspace = 8, rubout = 127, first_printable = 32, last_byte = 255;
  constexpr std::size_t longest_name = 253;
  begin_line();
  if (key == '\n' || key == '\r' || key == KEY_ENTER || key == escape) {
    if (key != escape && !entry->empty()) {
      ::waddstr(lines.get(), fmt::format("{}{}\n", prompt, *entry).c_str());
      wish.host = *entry;
    }
    entry.reset();
  } else if (key == KEY_BACKSPACE || key == backspace || key == rubout) {
    if (!entry->empty()) entry->pop_back();
  } else if (key >= first_printable && key <= last_byte && entry->size() < longest_name) {
    entry->push_back(static_cast<char>(key));
  }
  end_line();
}

Screen::Wish Screen::read_keys() {
  Wish wish;
  while (!wish.host) {
    const int key = ::wgetch(windows_->lines.get());
    if (key == ERR) break;
    windows_->entry ? windows_->take_letter(key, wish) : windows_->take_key(key, wish);
  }
  ::doupdate();
  return wish;
}

// --- beginning and end --------------------------------------------------------------------------------------------

std::expected<std::unique_ptr<Screen>, std::string> Screen::open(const Options& options) {
  auto windows = std::make_unique<Windows>();
  net::need_memory();
  windows->terminal.reset(::newterm(nullptr, stdout, stdin));
  if (!windows->terminal) {
    const char* kind = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): nobody sets variables here
    const bool is_named = kind != nullptr && *kind != 0;
    return std::unexpected(fmt::format("Error opening terminal: {}.", is_named ? kind : "unknown"));
  }
  ::cbreak();
  ::noecho();
  constexpr int escape_patience_ms = 25;  // after which it is the key and no other one's beginning
  ::set_escdelay(escape_patience_ms);
  windows->colours = ::has_colors();
  if (windows->colours) prepare_colours();
  windows->graph = options.graph;
  windows->box_lines = options.box_lines;
  windows->interval_ms = options.interval_s * 1000;
  windows->percentile = options.percentile;
  windows->utf8 = options.utf8.value_or(std::string_view(::nl_langinfo(CODESET)) == "UTF-8");
  return std::unique_ptr<Screen>(new Screen(std::move(windows)));
}

Screen::Screen(std::unique_ptr<Windows> windows) : windows_(std::move(windows)) {}
Screen::~Screen() = default;

void Screen::arrange(std::size_t hosts) {
  windows_->hosts = hosts;
  windows_->arrange();
}

void Screen::fit() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return;
  // Before ncurses cuts off what is at the bottom.
  const Windows::Layout wanted = windows_->layout(size.ws_row);
  const int line_rows = std::max(size.ws_row - wanted.boxes * wanted.box_rows, 1);
  windows_->boxes.clear();
  if (line_rows < ::getmaxy(windows_->lines.get())) windows_->move_lines_to(line_rows);
  ::resizeterm(size.ws_row, size.ws_col);
  windows_->arrange();
}

}  // namespace sonde::compat::oping
