// names_trial.hpp: a directory in which device nodes work, and what an output's name may lead to in it.
#pragma once

#include <filesystem>
#include <string>

#include "trouble/trial.hpp"
#include "trouble/writers.hpp"

namespace sonde::trouble {

// A tmpfs that this process alone sees. Real devices are not touched: nodes of the same numbers are made in here.
class DeviceDirectory {
 public:
  DeviceDirectory();
  ~DeviceDirectory();
  DeviceDirectory(const DeviceDirectory&) = delete;
  DeviceDirectory& operator=(const DeviceDirectory&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return directory_.path() / name; }
  std::filesystem::path path() const { return directory_.path(); }
  // What everybody may write to, as /dev/null and /dev/full are.
  std::filesystem::path make_null(const std::string& name) const;
  std::filesystem::path make_full(const std::string& name) const;
  std::filesystem::path make_fifo(const std::string& name) const;
  std::filesystem::path make_file(const std::string& name, const std::string& content) const;
  // Names of all that is there, those of directories in it not.
  Words names() const;

 private:
  lab::ScratchDirectory directory_;
};

// Why this process can make none; empty: it can.
std::string no_devices();

inline const std::string somebodys_text = "dear diary,\nthis is nobody's output\n";

}  // namespace sonde::trouble
