// output_file.hpp: opens what an output option names, and destroys nothing that is not ours.
//
//   OutputFiles files(options.force);
//   files.reads("hosts.txt");                                       // an input
//   auto capture = files.open({.path = "run.pcapng", .option = "--pcap", .recognizes = is_capture});
//   ... the sockets are opened, privileges given up ...
//   capture->begin();                                               // from here on it is replaced
//
// What a name means:
//   "-", /dev/stdout, /dev/fd/N, /proc/self/fd/N   that descriptor, written to where it stands
//   a FIFO, a device, a socket                     a stream: written to, never emptied, removed or renamed
//   a regular file                                 replaced if it is empty, or of the kind that the option writes
//                                                  (`recognizes`), else refused unless forced
//   nothing yet                                    a new file
//   an input, or another option's file             refused, also when forced
//
// A file is opened early, while the process still has its privileges, and emptied late, by begin(): until then a
// run that fails leaves everything as it was.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "net/file_descriptor.hpp"
#include "sonde/error.hpp"

namespace sonde::report {

// Which file a name leads to, whatever the name.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

class OutputFile {
 public:
  OutputFile(OutputFile&& other) noexcept = default;
  OutputFile& operator=(OutputFile&& other) noexcept;
  // A file that was made by open() and never begun is removed again.
  ~OutputFile();

  int descriptor() const { return descriptor_.get(); }
  const std::string& name() const { return name_; }
  // A file of this run's own, and no stream.
  bool is_regular() const { return is_regular_; }

  // From here on the file is this run's: what was in it is gone, unless it is appended to. Streams stay as they are.
  // Errors: those of ftruncate(2).
  Result<void> begin();
  // The same, for one who has emptied it already.
  void keep() { is_new_ = false; }
  // Has the name survive a power cut, as fdatasync(2) does for what is in the file.
  void sync_name() const;
  // Takes the file off its directory, unless its name leads to another file by now. Streams stay.
  // Errors: those of unlink(2).
  Result<void> remove();

 private:
  friend class OutputFiles;
  OutputFile() = default;
  void abandon();

  net::FileDescriptor descriptor_;
  std::string name_;
  bool is_regular_ = false;
  bool is_new_ = false;  // made by open(), and not begun
  bool appends_ = false;
};

class OutputFiles {
 public:
  explicit OutputFiles(bool force) : force_(force) {}

  struct Request {
    std::string path;
    std::string option;  // as in messages: "--pcap"
    // Whether a file that begins so is of the kind that the option writes. Given up to 4 KiB.
    std::function<bool(std::string_view beginning)> recognizes;
    bool append = false;  // what is in a regular file stays
    // A file that is read again: streams are refused, nobody else may look into it, and one process has it at a time.
    bool is_state = false;
    bool has_to_exist = false;
  };
  // Errors: invalid_argument for what is refused, with a hint; those of open(2).
  Result<OutputFile> open(const Request& request);

  // `path` is read by this run, and so cannot be an output.
  void reads(const std::string& path);

 private:
  struct Taken {
    FileIdentity file;
    std::string by;  // "an input", "--metadata"
  };
  Result<void> check_content(const Request& request, const OutputFile& file, FileIdentity identity) const;

  bool force_;
  std::vector<Taken> taken_;
};

// Whether a file that begins with `beginning` is of the kind whose files all begin with `mark`; also one that was cut within it.
bool begins_as(std::string_view beginning, std::string_view mark);

// The descriptor that a name means, links resolved: "-", /dev/stdout, /dev/fd/7, /proc/self/fd/7. -1: none.
int descriptor_named(std::string path);

}  // namespace sonde::report
