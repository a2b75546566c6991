// documents.hpp: the texts made from the option table: help, man page, completions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sonde::cli {

enum class Document : std::uint8_t {
  overview,         // sonde --help
  subcommand_help,  // sonde ping --help
  version,          // "sonde 0.1.0"
  man_page,         // sonde(1), man macros
  bash_completion,
  zsh_completion,
  fish_completion,
};

struct DocumentRequest {
  Document document = Document::overview;
  std::string_view subcommand = {};  // whose help; empty: that of the first
  friend bool operator==(const DocumentRequest&, const DocumentRequest&) = default;
};

// The whole text, ending with a newline; help fits 80 columns.
std::string make_document(const DocumentRequest& request);

// The few lines for a command line without arguments.
std::string short_usage();

}  // namespace sonde::cli
