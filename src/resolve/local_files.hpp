// local_files.hpp: what this host says about names itself: /etc/hosts (hosts(5)) and /etc/nsswitch.conf
// (nsswitch.conf(5)).
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sonde/address.hpp"

namespace sonde::resolve {

// Notices when a file was replaced, written, made or removed. Costs one stat().
class FileWatch {
 public:
  explicit FileWatch(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }
  // True the first time, and whenever the file is another than at the last call.
  bool changed();

 private:
  struct Version {
    bool exists = false;
    dev_t device = 0;
    ino_t inode = 0;
    off_t bytes = 0;
    std::int64_t modified_ns = 0;
    friend bool operator==(const Version&, const Version&) = default;
  };
  std::string path_;
  std::optional<Version> seen_;
};

// The hosts file in memory, read when first asked and again when it changed. A file that is missing is empty;
// lines that make no sense are skipped. One thread at a time.
class HostsFile {
 public:
  explicit HostsFile(std::string path) : file_(std::move(path)) {}

  struct Entry {
    std::vector<Address> addresses;
    std::string canonical_name;
  };
  // nullptr when the name is not there. Case does not matter, nor a dot at the end. Valid until the next
  // call.
  const Entry* find(std::string_view name);
  // The first name of the address; nullptr when it is not there.
  const std::string* name_of(const Address& address);

 private:
  void refresh();
  void read_line(std::string_view line);

  FileWatch file_;
  std::unordered_map<std::string, Entry> by_name_;
  std::unordered_map<Address, std::string> by_address_;
};

// The modules of the "hosts:" line, in order, without actions in brackets; "files dns" when there is none.
std::vector<std::string> nsswitch_host_modules(const std::string& path);

// What the modules of the "hosts:" line mean to us, who read the hosts file and ask DNS ourselves.
struct NameSources {
  bool dns = false;            // ask DNS
  bool multicast_dns = false;  // names under .local are the system's
  bool others = false;         // a name that DNS does not know may be known to the system
};
NameSources name_sources(const std::string& nsswitch_path);

// Lower case, without a dot at the end: how names are compared.
std::string folded_name(std::string_view name);

}  // namespace sonde::resolve
