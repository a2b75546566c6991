// target_file.hpp: the lines of a hitlist or of a list of exclusions, tens of millions of them.
//
// One address, prefix or range a line (AddressRange::parse; spaces around a range's '-' are allowed), blank lines and
// comments apart: '#' anywhere, ';' or "//" at the start. Behind whitespace or a comma a line may go on: in a hitlist
// with whatever its other columns hold, in a list of exclusions with further ranges, as zmap's and masscan's have it.
// A line ends with a newline, CRLF or the file; a byte order mark is left out. A zone names an interface of one host,
// and a sweep has no place for it: a bad line.
//
// Read in pieces rather than mapped: that is as fast (the copy is a fiftieth of the parsing), takes pipes and files
// alike, and a file that is cut short meanwhile is a short file instead of SIGBUS.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/address.hpp"
#include "sonde/error.hpp"
#include "sweep/target_space_words.hpp"

namespace sonde::sweep {

// What a file's lines were.
struct FileReading {
  std::uint64_t taken = 0;  // lines that named something
  struct BadLine {
    std::uint64_t line = 0;  // from 1
    std::string why;         // printable
  };
  std::vector<BadLine> bad;  // the first 20
  std::uint64_t bad_lines = 0;
};

template <typename Word>
struct NamedWords {
  WordRanges<Word> ranges;  // as they came
  std::vector<Word> list;   // single addresses, as they came
};

// What lines, or options, have named so far.
struct NamedAddresses {
  NamedWords<Ipv4Word> ipv4;
  NamedWords<Ipv6Word> ipv6;

  // Requires: no zone.
  void add(const AddressRange& range);
};

enum class FileKind : std::uint8_t { targets, exclusions };

// Takes a file's bytes in pieces of any size. Memory: what is named, and of a line in two pieces 4 KiB.
class TargetFileReader {
 public:
  static constexpr std::size_t longest_line_bytes = 4096;  // a longer one is bad, if it is no comment
  static constexpr std::size_t most_bad_told = 20;

  // `lines` is how many the file has, 0 where that is not known: room for them is made at once.
  // The addresses must outlive the reader.
  TargetFileReader(FileKind kind, NamedAddresses& addresses, std::uint64_t lines = 0)
      : kind_(kind), addresses_(addresses), lines_(lines) {}

  void feed(std::string_view bytes);
  // The end of the file: takes a last line without newline. Nothing may be fed afterwards.
  FileReading finish();

 private:
  bool take_plain_line(std::string_view& bytes);
  void keep(std::string_view piece);
  void take_line(std::string_view line);
  bool take_single(std::string_view line);
  bool may_end_single(std::string_view rest) const;
  void take_fields(std::string_view line);
  bool take_field(const std::string& field);
  void bad(std::string why);
  template <typename Word>
  void push(std::vector<Word>& list, Word word);

  FileKind kind_;
  NamedAddresses& addresses_;
  std::uint64_t lines_;
  std::string
      line_;  // the beginning of a line that goes on in the next piece; one byte more than the longest
  bool goes_on_ = false;
  std::uint64_t line_number_ = 0;
  FileReading reading_;
};

// Reads the file `path`, "-" for standard input, to the end. Errors: of opening and reading.
Result<FileReading> read_target_file(const std::string& path, FileKind kind, NamedAddresses& addresses);

}  // namespace sonde::sweep
