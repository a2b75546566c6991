// local_files.cpp: reading /etc/hosts and /etc/nsswitch.conf.
#include "resolve/local_files.hpp"

#include <algorithm>
#include <fstream>

namespace sonde::resolve {
namespace {

constexpr std::string_view blanks = " \t\r\v\f";

// Takes the next word off the front of `line`; empty at its end.
std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  const auto word = line.substr(0, line.find_first_of(blanks));
  line.remove_prefix(word.size());
  return word;
}

std::string_view without_comment(std::string_view line) {
  return line.substr(0, line.find('#'));
}

}  // namespace

std::string folded_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::string folded(name);
  for (char& letter : folded) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return folded;
}

bool FileWatch::changed() {
  struct stat status{};
  Version now;
  if (::stat(path_.c_str(), &status) == 0) {
    now = {.exists = true,
           .device = status.st_dev,
           .inode = status.st_ino,
           .bytes = status.st_size,
           .modified_ns = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
  }
  if (seen_ == now) return false;
  seen_ = now;
  return true;
}

void HostsFile::refresh() {
  if (!file_.changed()) return;
  by_name_.clear();
  by_address_.clear();
  std::ifstream file(file_.path());
  for (std::string line; std::getline(file, line);) read_line(without_comment(line));
}

void HostsFile::read_line(std::string_view line) {
  const auto address = Address::parse(next_word(line));
  if (!address) return;
  const auto canonical_name = next_word(line);
  if (canonical_name.empty()) return;
  by_address_.try_emplace(*address, canonical_name);
  for (auto name = canonical_name; !name.empty(); name = next_word(line)) {
    Entry& entry = by_name_[folded_name(name)];
    if (entry.addresses.empty()) entry.canonical_name = canonical_name;
    entry.addresses.push_back(*address);
  }
}

const HostsFile::Entry* HostsFile::find(std::string_view name) {
  refresh();
  const auto found = by_name_.find(folded_name(name));
  return found == by_name_.end() ? nullptr : &found->second;
}

const std::string* HostsFile::name_of(const Address& address) {
  refresh();
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? nullptr : &found->second;
}

std::vector<std::string> nsswitch_host_modules(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> modules;
  for (std::string text; modules.empty() && std::getline(file, text);) {
    std::string_view line = without_comment(text);
    if (next_word(line) != "hosts:") continue;
    bool in_action = false;
    for (auto word = next_word(line); !word.empty(); word = next_word(line)) {
      in_action = in_action || word.starts_with('[');
      if (!in_action) modules.emplace_back(word);
      if (word.ends_with(']')) in_action = false;
    }
  }
  if (modules.empty()) modules = {"files", "dns"};
  return modules;
}

NameSources name_sources(const std::string& nsswitch_path) {
  NameSources sources;
  for (const std::string& module : nsswitch_host_modules(nsswitch_path)) {
    if (module == "files") continue;
    if (module == "dns") {
      sources.dns = true;
    } else if (module.starts_with("mdns")) {
      sources.multicast_dns = true;
      // The minimal variants know nothing but .local.
      sources.others = sources.others || module.find("minimal") == std::string::npos;
    } else {
      sources.others = true;
    }
  }
  return sources;
}

}  // namespace sonde::resolve
