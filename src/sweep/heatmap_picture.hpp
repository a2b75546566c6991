// heatmap_picture.hpp: a heatmap as PNG or SVG.
//
// Dark is silent, grey is not in the space; blue is fast, then green, yellow and red. The scale runs over
// what was measured, the fastest and slowest hundredth of the cells aside, and over a decade at least.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "sonde/error.hpp"
#include "sweep/heatmap.hpp"

namespace sonde::sweep {

struct HeatScale {
  Heatmap::Code fast = Heatmap::fastest, slow = Heatmap::slowest;  // fast < slow
};

HeatScale heat_scale(const Heatmap& heatmap);

struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0;
  friend bool operator==(const Colour&, const Colour&) = default;
};

// Of a code.
Colour heat_colour(const HeatScale& scale, Heatmap::Code code);

// A picture of cells alone; small ones are drawn larger, up to 512 pixels wide. Errors: libpng's.
Result<std::string> heatmap_png(const Heatmap& heatmap);

// With title and legend. Of at most 256 x 256 cells: those of a larger heatmap are taken together.
std::string heatmap_svg(const Heatmap& heatmap);

// By the ending of the file's name, ".png" or ".svg". Errors: libpng's.
Result<std::string> draw_heatmap(const Heatmap& heatmap, std::string_view name);
// Whether draw_heatmap() knows the ending, to be asked before a sweep begins.
bool is_heatmap_name(std::string_view name);
// Whether a file that begins so is a picture of one of these forms.
bool is_heatmap(std::string_view beginning);

}  // namespace sonde::sweep
