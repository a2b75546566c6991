// files.hpp: the files that a stand-in's command line names.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>

#include "net/file_descriptor.hpp"
#include "net/permissions.hpp"

namespace sonde::compat {

// Opens files while this process may still do what its user may: as root, also where only their owner is let in. What is
// no longer needed is given up by keep_only() afterwards; where the privileges are the program's and not its user's
// (a set-user-id file, file capabilities), before.
void prepare_to_open_files(std::initializer_list<net::Capability> kept);

// A list of hosts, one a line: the first word; `#` begins a comment.
class HostFile {
 public:
  // "-": standard input, which stays open.
  explicit HostFile(const std::string& path);

  // Waits for the next; nullopt: there are no more, or error().
  std::optional<std::string> next();
  // errno of what could not be opened or read; 0: all went well.
  int error() const { return error_; }

 private:
  std::optional<std::string> next_line();
  bool read_more();

  net::FileDescriptor opened_;
  int descriptor_ = -1;
  std::string text_;       // read and not handed out yet
  std::size_t begin_ = 0;  // of it
  bool at_end_ = false;
  int error_ = 0;
};

// Appends to `path`, which may be anything that can be written to, and creates it if need be.
net::FileDescriptor open_to_append(const std::string& path);

}  // namespace sonde::compat
