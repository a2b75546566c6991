// option_readers.cpp: see option_readers.hpp.
#include "cli/option_readers.hpp"

#include <fmt/format.h>

#include "text/number.hpp"
#include "text/quote.hpp"

namespace sonde::cli {

text::Parsed<std::string> read_interface(std::string_view text) {
  constexpr std::size_t longest_name = 15;  // IFNAMSIZ without its terminating zero
  if (Address::parse(text)) {
    return std::unexpected(
        fmt::format("{} is an address, not an interface; use --source", text::in_quotes(text)));
  }
  if (text.empty() || text.size() > longest_name || text.find_first_of(" /\t\n") != std::string_view::npos) {
    return std::unexpected(fmt::format("{} is not an interface's name", text::in_quotes(text)));
  }
  return std::string(text);
}

text::Parsed<Address> read_source(std::string_view text) {
  const auto address = Address::parse(text);
  if (address) return *address;
  if (address.error().code == ErrorCode::not_found) {
    return std::unexpected(fmt::format("{} names an interface that does not exist", text::in_quotes(text)));
  }
  return std::unexpected(fmt::format("{} is not a numeric address", text::in_quotes(text)));
}

text::Parsed<std::string> read_file_name(std::string_view text) {
  if (text.empty()) return std::unexpected("needs the name of a file");
  return std::string(text);
}

std::optional<std::string> source_fault(const std::optional<Address>& source, std::optional<Family> family) {
  if (!source || !family || source->family() == *family) return std::nullopt;
  return fmt::format("--source: {} is an {} address, but -{} asks for {}",
                     text::in_quotes(source->to_string()), to_string(source->family()),
                     static_cast<int>(*family), to_string(*family));
}

}  // namespace sonde::cli
