// documents.hpp: the texts made from the option table: help, man page, completions.
#pragma once

#include <cstdint>
#include <string>

namespace sonde::cli {

enum class Document : std::uint8_t {
  overview,   // sonde --help
  ping_help,  // sonde ping --help
  version,    // "sonde 0.1.0"
  man_page,   // sonde(1), man macros
  bash_completion,
  zsh_completion,
  fish_completion,
};

struct DocumentRequest {
  Document document = Document::overview;
  friend bool operator==(const DocumentRequest&, const DocumentRequest&) = default;
};

// The whole text, ending with a newline; help fits 80 columns.
std::string make_document(Document document);

// The few lines for a command line without arguments.
std::string short_usage();

}  // namespace sonde::cli
