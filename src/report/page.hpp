// page.hpp: a page of sections whose rows are a label and a text, folded to 80 columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "report/colour.hpp"

namespace sonde::report {

// How a page looks where it is shown.
struct PageStyle {
  bool colour = false, unicode = true;
};

// `text` in lines of at most `columns`, broken at spaces; a longer word stands alone. At least one line.
std::vector<std::string> fold(std::string_view text, std::size_t columns);

class Page {
 public:
  explicit Page(bool colour) : colour_(colour) {}

  // Text across the whole width.
  void paragraph(std::string_view text, Colour colour = Colour::plain);
  void section(std::string_view title);
  // `label` may be empty: the row goes on with the one before. Long text is folded below its own beginning.
  void row(std::string_view label, std::string_view text, Colour colour = Colour::plain);
  // A row whose text is aligned by spaces of its own, and therefore not folded.
  void cells(std::string_view label, std::string_view text, Colour colour);
  // As it is, below a row; never folded, for it may be copied.
  void verbatim(std::string_view line);

  bool colour() const { return colour_; }
  const std::string& text() const { return text_; }

 private:
  bool colour_;
  std::string text_;
};

}  // namespace sonde::report
