// files.hpp: reading the small files below /proc and /sys.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::doctor {

// The whole file (at most 1 MiB of it), or nullopt when it cannot be opened.
std::optional<std::string> read_text(const std::filesystem::path& file);
// The number that a file begins with.
std::optional<std::int64_t> read_number(const std::filesystem::path& file);

std::vector<std::string_view> lines_of(std::string_view text);
// Split at blanks and tabs.
std::vector<std::string_view> words_of(std::string_view line);
// The whole of `text` as a number; nullopt when it is none.
std::optional<std::uint64_t> to_number(std::string_view text, int base = 10);

}  // namespace sonde::doctor
