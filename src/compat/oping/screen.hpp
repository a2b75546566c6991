// screen.hpp: the terminal as noping uses it: lines that scroll, and below them a box for each host.
//
// Threads: one. While a Screen is there nobody else writes to the terminal; its end gives the terminal back as it was.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "compat/oping/graph.hpp"
#include "compat/oping/history.hpp"
#include "compat/oping/lines.hpp"
#include "compat/oping/options.hpp"

namespace sonde::compat::oping {

class Screen {
 public:
  // What the user wants of whoever owns the screen.
  struct Wish {
    bool redraw = false;                // every box is to be shown again
    std::optional<std::string> host{};  // asked too from now on
  };

  // The error is a line for a person: there is no terminal that can be drawn on.
  static std::expected<std::unique_ptr<Screen>, std::string> open(const Options& options);

  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // Makes room for so many boxes; show() fills them. Where the terminal is too low they are made lower, and of those that do
  // not even fit with one line each the last are not shown.
  void arrange(std::size_t hosts);
  // After the terminal has got another size.
  void fit();
  // One box, `place` from 0.
  void show(std::size_t place, const std::string& name, const History& history);
  // `share`: of the host's times that are no longer than this one; nullopt: no answer came.
  void write(const ProbeLine& line, std::optional<double> share);
  void write(std::string_view text);
  void ring();
  // What was written and shown since is seen now.
  void update();

  // What was typed since; never waits.
  Wish read_keys();

 private:
  struct Windows;

  explicit Screen(std::unique_ptr<Windows> windows);

  std::unique_ptr<Windows> windows_;
};

}  // namespace sonde::compat::oping
