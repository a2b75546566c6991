// no_screen.cpp: the screen of a sonde that is built without ncurses, as function.zip is: there is none.
#include <utility>

#include "compat/oping/screen.hpp"

namespace sonde::compat::oping {

struct Screen::Windows {};

std::expected<std::unique_ptr<Screen>, std::string> Screen::open(const Options& /*options*/) {
  return std::unexpected("this sonde was built without ncurses");
}

Screen::Screen(std::unique_ptr<Windows> windows) : windows_(std::move(windows)) {}
Screen::~Screen() = default;

void Screen::arrange(std::size_t /*hosts*/) {}
void Screen::fit() {}
void Screen::show(std::size_t /*place*/, const std::string& /*name*/, const History& /*history*/) {}
void Screen::write(const ProbeLine& /*line*/, std::optional<double> /*share*/) {}
void Screen::write(std::string_view /*text*/) {}
void Screen::ring() {}
void Screen::update() {}

Screen::Wish Screen::read_keys() {
  return {};
}

}  // namespace sonde::compat::oping
