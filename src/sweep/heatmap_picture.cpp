// heatmap_picture.cpp: see heatmap_picture.hpp.
#include "sweep/heatmap_picture.hpp"

#include <fmt/format.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <span>
#include <string_view>
#include <vector>

#include "report/output_file.hpp"
#include "report/words.hpp"

namespace sonde::sweep {
namespace {

constexpr unsigned svg_order = 8;
constexpr std::uint32_t png_width = 512, svg_width = 768;  // of small pictures
constexpr Colour silent_colour{20, 22, 28}, outside_colour{128, 128, 132};

// From fast to slow, evenly spaced; bright enough to be told from the silent.
constexpr auto gradient = std::to_array<Colour>(
    {{58, 110, 235}, {40, 180, 205}, {60, 190, 90}, {235, 215, 70}, {240, 140, 40}, {225, 40, 40}});

std::uint8_t between(std::uint8_t from, std::uint8_t to, double part) {
  return static_cast<std::uint8_t>(std::lround(from + (to - from) * part));
}

// How many pixels wide a cell is.
std::uint32_t cell_width(const Heatmap& heatmap, std::uint32_t picture_width) {
  return std::max(std::uint32_t{1}, picture_width / heatmap.side());
}

std::vector<Heatmap::Code> pixels_of(const Heatmap& heatmap, std::uint32_t scale) {
  const std::size_t width = std::size_t{heatmap.side()} * scale, row_of_cells = width * scale;
  std::vector<Heatmap::Code> pixels(width * width);
  for (std::uint32_t y = 0; y < heatmap.side(); ++y) {
    const auto rows = std::span(pixels).subspan(y * row_of_cells, row_of_cells);
    for (std::uint32_t x = 0; x < heatmap.side(); ++x)
      std::ranges::fill(rows.subspan(std::size_t{x} * scale, scale), heatmap.at(x, y));
    for (std::uint32_t row = 1; row < scale; ++row)
      std::ranges::copy(rows.first(width), rows.subspan(row * width).begin());
  }
  return pixels;
}

std::string colour_text(Colour colour) {
  return fmt::format("#{:02x}{:02x}{:02x}", colour.red, colour.green, colour.blue);
}

// The cells that answered, those of one colour side by side as one rectangle.
std::string svg_cells(const Heatmap& heatmap, const HeatScale& scale, std::uint32_t width) {
  std::string text;
  for (std::uint32_t y = 0; y < heatmap.side(); ++y) {
    for (std::uint32_t x = 0, end = 0; x < heatmap.side(); x = end) {
      const Heatmap::Code code = heatmap.at(x, y);
      for (end = x + 1; end < heatmap.side() && heatmap.at(end, y) == code;) ++end;
      if (code == Heatmap::silent) continue;
      fmt::format_to(std::back_inserter(text),
                     "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>\n", x * width,
                     y * width, (end - x) * width, width, colour_text(heat_colour(scale, code)));
    }
  }
  return text;
}

std::string svg_legend(const HeatScale& scale, std::uint32_t top) {
  constexpr int steps = 6, step_width = 90;
  std::string text = fmt::format(
      "<rect x=\"0\" y=\"{}\" width=\"{}\" height=\"14\" fill=\"{}\"/>\n<text x=\"0\" y=\"{}\">"
      "silent</text>\n",
      top, step_width, colour_text(silent_colour), top + 30);
  for (int i = 0; i < steps; ++i) {
    const int code = scale.fast + (scale.slow - scale.fast) * i / (steps - 1);
    const auto heat = static_cast<Heatmap::Code>(code);
    fmt::format_to(std::back_inserter(text),
                   "<rect x=\"{0}\" y=\"{1}\" width=\"{2}\" height=\"14\" fill=\"{3}\"/>\n"
                   "<text x=\"{0}\" y=\"{4}\">{5}</text>\n",
                   (i + 1) * step_width, top, step_width, colour_text(heat_colour(scale, heat)), top + 30,
                   report::duration_text(rtt_of_heat(heat)));
  }
  return text;
}

}  // namespace

HeatScale heat_scale(const Heatmap& heatmap) {
  constexpr int decade = (Heatmap::slowest - Heatmap::fastest) / 6;
  const std::vector<std::uint64_t> counts = heatmap.histogram();
  std::uint64_t cells = 0;
  for (std::size_t code = Heatmap::fastest; code < counts.size(); ++code) cells += counts[code];
  if (cells == 0) return {};
  int fast = Heatmap::slowest, slow = Heatmap::fastest;
  std::uint64_t below = 0;
  for (int code = Heatmap::fastest; code <= Heatmap::slowest; ++code) {
    const std::uint64_t here = counts[static_cast<std::size_t>(code)];
    if (here == 0) continue;
    if (below + here > cells / 100) fast = std::min(fast, code);
    if (below < cells - cells / 100) slow = code;
    below += here;
  }
  const int missing = std::max(0, decade - (slow - fast));
  fast = std::clamp(fast - missing / 2, int{Heatmap::fastest}, Heatmap::slowest - decade);
  slow = std::clamp(slow + missing - missing / 2, fast + decade, int{Heatmap::slowest});
  return {.fast = static_cast<Heatmap::Code>(fast), .slow = static_cast<Heatmap::Code>(slow)};
}

Colour heat_colour(const HeatScale& scale, Heatmap::Code code) {
  if (code == Heatmap::outside) return outside_colour;
  if (code == Heatmap::silent) return silent_colour;
  const double part =
      std::clamp(static_cast<double>(code - scale.fast) / (scale.slow - scale.fast), 0.0, 1.0);
  const double at = part * static_cast<double>(gradient.size() - 1);
  const std::size_t from = std::min(static_cast<std::size_t>(at), gradient.size() - 2);
  const Colour &low = gradient[from], &high = gradient[from + 1];
  const double rest = at - static_cast<double>(from);
  return {between(low.red, high.red, rest), between(low.green, high.green, rest),
          between(low.blue, high.blue, rest)};
}

Result<std::string> heatmap_png(const Heatmap& heatmap) {
  const HeatScale scale = heat_scale(heatmap);
  const std::uint32_t width = cell_width(heatmap, png_width);
  const std::vector<Heatmap::Code> pixels = pixels_of(heatmap, width);
  std::array<Colour, 256> palette{};
  for (std::size_t code = 0; code < palette.size(); ++code)
    palette[code] = heat_colour(scale, static_cast<Heatmap::Code>(code));
  static_assert(sizeof(Colour) == 3);

  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = image.height = heatmap.side() * width;
  image.format = PNG_FORMAT_RGB_COLORMAP;
  image.flags = PNG_IMAGE_FLAG_FAST;  // noise does not get smaller by trying longer
  image.colormap_entries = palette.size();
  char* memory = nullptr;
  std::size_t size = 0;
  FILE* stream = ::open_memstream(&memory, &size);
  if (stream == nullptr) return std::unexpected(Error::from_errno(errno, "cannot make a picture", "PNG"));
  const bool made = ::png_image_write_to_stdio(&image, stream, 0, pixels.data(),
                                               static_cast<png_int_32>(image.width), palette.data()) != 0;
  const bool closed = ::fclose(stream) == 0;  // NOLINT(cppcoreguidelines-owning-memory)
  std::string png(memory != nullptr ? memory : "", memory != nullptr ? size : 0);
  ::free(memory);  // NOLINT(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory)
  if (!made || !closed) {
    return std::unexpected(
        Error{ErrorCode::system, 0, fmt::format("cannot make a picture: {}", image.message), "PNG", {}});
  }
  return png;
}

std::string heatmap_svg(const Heatmap& heatmap) {
  const Heatmap drawn = heatmap.reduced(svg_order);
  const HeatScale scale = heat_scale(drawn);
  const std::uint32_t width = cell_width(drawn, svg_width), side = drawn.side() * width;
  constexpr std::uint32_t margin = 16, title = 28, legend = 48;
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
      "font-family=\"system-ui, sans-serif\" font-size=\"13\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
      "<text x=\"{2}\" y=\"{3}\" font-size=\"16\">{4}: round-trip times on a Hilbert curve</text>\n"
      "<g transform=\"translate({2} {5})\">\n<g shape-rendering=\"crispEdges\">\n"
      "<rect width=\"{6}\" height=\"{6}\" fill=\"{7}\"/>\n",
      side + 2 * margin, side + 2 * margin + title + legend, margin, margin + 12, drawn.layout().title(),
      margin + title, side, colour_text(silent_colour));
  text += svg_cells(drawn, scale, width);
  text += "</g>\n";
  text += svg_legend(scale, side + margin);
  return text + "</g>\n</svg>\n";
}

bool is_heatmap_name(std::string_view name) {
  return name.ends_with(".png") || name.ends_with(".svg");
}

bool is_heatmap(std::string_view beginning) {
  return report::begins_as(beginning, "\x89PNG") || report::begins_as(beginning, "<svg ");
}

Result<std::string> draw_heatmap(const Heatmap& heatmap, std::string_view name) {
  return name.ends_with(".svg") ? heatmap_svg(heatmap) : heatmap_png(heatmap);
}

}  // namespace sonde::sweep
