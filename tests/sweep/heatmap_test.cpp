// heatmap_test.cpp: the curve visits every cell once, answers colour their own cell, and pictures can be read
// back.
#include "sweep/heatmap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "sweep/heatmap_picture.hpp"
#include "sweep/sample_record.hpp"

namespace sonde::sweep {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Heatmap of_prefix(std::string_view text) {
  const AddressRange range = AddressRange::parse(text).value();
  return Heatmap(HeatmapLayout::by_address(range.first(), range.last()));
}

Record reply(std::string_view text, Nanoseconds rtt) {
  Record record = full_record();
  record.address = address(text);
  record.rtt = rtt;
  return record;
}

Heatmap::Code code_at(const Heatmap& heatmap, std::uint64_t cell) {
  const CellPlace place = hilbert_place(heatmap.order(), cell);
  return heatmap.at(place.x, place.y);
}

TEST(SweepHeatmap, TheCurveVisitsEveryCellOnceFromNeighbourToNeighbour) {
  for (const unsigned order : {0u, 1u, 2u, 5u, 8u}) {
    std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
    CellPlace before;
    for (std::uint64_t distance = 0; distance < std::uint64_t{1} << (2 * order); ++distance) {
      const CellPlace place = hilbert_place(order, distance);
      ASSERT_LT(place.x, 1u << order);
      ASSERT_LT(place.y, 1u << order);
      ASSERT_EQ(hilbert_distance(order, place), distance);
      seen.emplace(place.x, place.y);
      if (distance > 0) {
        ASSERT_EQ(std::abs(int(place.x) - int(before.x)) + std::abs(int(place.y) - int(before.y)), 1)
            << distance;
      }
      before = place;
    }
    EXPECT_EQ(seen.size(), std::size_t{1} << (2 * order));
  }
}

TEST(SweepHeatmap, AnAnswerColoursTheCellOfItsAddress) {
  Heatmap heatmap = of_prefix("192.0.2.0/24");
  EXPECT_EQ(heatmap.side(), 16u);
  heatmap.add(reply("192.0.2.77", 20ms));
  for (std::uint64_t cell = 0; cell < 256; ++cell)
    ASSERT_EQ(code_at(heatmap, cell), cell == 77 ? heat_code(20ms) : Heatmap::silent) << cell;
}

TEST(SweepHeatmap, LayoutIsTheSmallestSquarePrefix) {
  const auto title = [](const char* first, const char* last) {
    return HeatmapLayout::by_address(address(first), address(last)).title();
  };
  EXPECT_EQ(title("192.0.2.0", "192.0.2.255"), "192.0.2.0/24");
  EXPECT_EQ(title("192.0.2.0", "192.0.2.127"), "192.0.2.0/24");
  EXPECT_EQ(title("10.0.0.0", "10.1.255.255"), "10.0.0.0/14");
  EXPECT_EQ(title("1.0.0.1", "223.255.255.254"), "0.0.0.0/0");
  EXPECT_EQ(title("192.0.2.7", "192.0.2.7"), "192.0.2.7/32");
}

TEST(SweepHeatmap, ByIndexWhatIsBeyondTheSpaceIsOutside) {
  Heatmap heatmap(HeatmapLayout::by_index(10));
  EXPECT_EQ(heatmap.side(), 4u);
  Record record = full_record();
  record.index = 9;
  heatmap.add(record);
  EXPECT_EQ(code_at(heatmap, 9), heat_code(*record.rtt));
  EXPECT_EQ(code_at(heatmap, 8), Heatmap::silent);
  EXPECT_EQ(code_at(heatmap, 10), Heatmap::outside);
  EXPECT_EQ(heatmap.histogram()[Heatmap::outside], 6u);
}

TEST(SweepHeatmap, AWholeInternetHasACellForEach24AndTellsItsFastest) {
  Heatmap heatmap = of_prefix("0.0.0.0/0");
  EXPECT_EQ(heatmap.side(), 4096u);
  heatmap.add(reply("198.51.100.9", 90ms));
  heatmap.add(reply("198.51.100.200", 30ms));
  heatmap.add(reply("198.51.100.3", 50ms));
  EXPECT_EQ(code_at(heatmap, (198u << 16) | (51u << 8) | 100u), heat_code(30ms));
}

TEST(SweepHeatmap, ErrorsAndWhatLiesElsewhereAreLeftOut) {
  Heatmap heatmap = of_prefix("192.0.2.0/24");
  Record error = reply("192.0.2.1", 1ms);
  error.is_reply = false;
  heatmap.add(error);
  heatmap.add(reply("192.0.3.1", 1ms));
  heatmap.add(reply("192.0.1.1", 1ms));
  heatmap.add(reply("c000:0201::", 1ms));
  EXPECT_EQ(heatmap.histogram()[Heatmap::silent], 256u);
}

TEST(SweepHeatmap, CodesGrowWithTheRttAndLeadBackToIt) {
  EXPECT_EQ(heat_code(Nanoseconds(-5)), Heatmap::fastest);
  EXPECT_EQ(heat_code(1us), Heatmap::fastest);
  EXPECT_EQ(heat_code(10s), Heatmap::slowest);
  EXPECT_EQ(heat_code(1h), Heatmap::slowest);
  for (const Nanoseconds rtt : {Nanoseconds(20us), Nanoseconds(1ms), Nanoseconds(33ms), Nanoseconds(2s)})
    EXPECT_NEAR(static_cast<double>(rtt_of_heat(heat_code(rtt)).count()), static_cast<double>(rtt.count()),
                0.03 * static_cast<double>(rtt.count()));
}

TEST(SweepHeatmap, ReducingKeepsTheFastestOfFour) {
  Heatmap heatmap(HeatmapLayout::by_index(16));
  heatmap.add(4, 50ms);
  heatmap.add(7, 5ms);
  heatmap.add(8, 70ms);
  const Heatmap half = heatmap.reduced(1);
  EXPECT_EQ(half.side(), 2u);
  EXPECT_EQ(code_at(half, 0), Heatmap::silent);
  EXPECT_EQ(code_at(half, 1), heat_code(5ms));
  EXPECT_EQ(code_at(half, 2), heat_code(70ms));
  EXPECT_EQ(code_at(Heatmap(HeatmapLayout::by_index(5)).reduced(1), 1), Heatmap::silent);
  EXPECT_EQ(code_at(Heatmap(HeatmapLayout::by_index(5)).reduced(1), 2), Heatmap::outside);
}

TEST(SweepHeatmap, TheScaleSpansWhatWasMeasured) {
  Heatmap heatmap = of_prefix("192.0.2.0/24");
  EXPECT_LT(heat_scale(heatmap).fast, heat_scale(heatmap).slow);
  heatmap.add(0, 1ms);
  EXPECT_LE(heat_scale(heatmap).fast, heat_code(1ms));
  EXPECT_GE(heat_scale(heatmap).slow, heat_code(1ms));
  EXPECT_GE(heat_scale(heatmap).slow - heat_scale(heatmap).fast, 42);
  heatmap.add(1, 400ms);
  EXPECT_EQ(heat_scale(heatmap).fast, heat_code(1ms));
  EXPECT_EQ(heat_scale(heatmap).slow, heat_code(400ms));
  for (std::uint64_t position = 0; position < 2; ++position) {
    Heatmap end = of_prefix("192.0.2.0/24");
    end.add(position, position == 0 ? Nanoseconds(1us) : Nanoseconds(1h));
    EXPECT_LT(heat_scale(end).fast, heat_scale(end).slow);
  }
}

TEST(SweepHeatmap, ColoursRunFromBlueOverGreenToRed) {
  const HeatScale scale{.fast = 50, .slow = 150};
  const Colour fast = heat_colour(scale, 50), middle = heat_colour(scale, 90), slow = heat_colour(scale, 150);
  EXPECT_GT(fast.blue, fast.red);
  EXPECT_GT(middle.green, middle.blue);
  EXPECT_GT(middle.green, middle.red);
  EXPECT_GT(slow.red, slow.green + slow.blue);
  EXPECT_EQ(heat_colour(scale, 2), fast);
  EXPECT_EQ(heat_colour(scale, 255), slow);
  const Colour silent = heat_colour(scale, Heatmap::silent);
  EXPECT_LT(silent.red + silent.green + silent.blue, 100);
}

TEST(SweepHeatmap, ThePngShowsEachCellInItsColour) {
  Heatmap heatmap = of_prefix("192.0.2.0/24");
  heatmap.add(77, 20ms);
  heatmap.add(200, 300ms);
  const auto png = heatmap_png(heatmap);
  ASSERT_TRUE(png) << png.error().message();
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  ASSERT_NE(::png_image_begin_read_from_memory(&image, png->data(), png->size()), 0);
  ASSERT_EQ(image.width, 512u);
  ASSERT_EQ(image.height, 512u);
  image.format = PNG_FORMAT_RGB;
  std::vector<Colour> pixels(512 * 512);
  ASSERT_NE(::png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr), 0);
  const HeatScale scale = heat_scale(heatmap);
  for (std::uint32_t y = 0; y < 512; ++y) {
    for (std::uint32_t x = 0; x < 512; ++x)
      ASSERT_EQ(pixels[y * 512 + x], heat_colour(scale, heatmap.at(x / 32, y / 32))) << x << ", " << y;
  }
}

TEST(SweepHeatmap, TheSvgHasARectangleForEachAnswerAndALegend) {
  Heatmap heatmap = of_prefix("192.0.2.0/24");
  const std::string empty = heatmap_svg(heatmap);
  heatmap.add(77, 20ms);
  const std::string svg = heatmap_svg(heatmap);
  EXPECT_THAT(svg, HasSubstr("192.0.2.0/24: round-trip times"));
  EXPECT_THAT(svg, HasSubstr(">silent</text>"));
  EXPECT_THAT(svg, HasSubstr(" ms</text>"));
  EXPECT_THAT(svg, HasSubstr("</svg>\n"));
  const CellPlace place = hilbert_place(4, 77);
  EXPECT_THAT(svg, HasSubstr("<rect x=\"" + std::to_string(place.x * 48) + "\" y=\"" +
                             std::to_string(place.y * 48) + "\" width=\"48\" height=\"48\""));
  EXPECT_THAT(empty, testing::Not(HasSubstr("width=\"48\"")));
}

TEST(SweepHeatmap, TheSvgOfALargeSpaceStaysSmall) {
  Heatmap heatmap = of_prefix("10.0.0.0/8");
  for (std::uint64_t i = 0; i < 1 << 24; i += 97)
    heatmap.add(i, Nanoseconds(static_cast<std::int64_t>(1'000'000 + i * 10)));
  EXPECT_LT(heatmap_svg(heatmap).size(), 8u << 20);
}

TEST(SweepHeatmap, IsDrawnByTheEndingOfItsName) {
  const Heatmap heatmap = of_prefix("192.0.2.0/28");
  for (const char* name : {"a.png", "a.svg"}) {
    EXPECT_TRUE(is_heatmap_name(name));
    const auto picture = draw_heatmap(heatmap, name);
    ASSERT_TRUE(picture) << picture.error().message();
    EXPECT_TRUE(is_heatmap(*picture)) << name << " is known again";
  }
  EXPECT_TRUE(draw_heatmap(heatmap, "a.svg")->starts_with("<svg "));
  EXPECT_FALSE(is_heatmap_name("a.gif"));
  EXPECT_FALSE(is_heatmap("GIF89a"));
}

}  // namespace
}  // namespace sonde::sweep
