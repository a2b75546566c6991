// scratch_file.hpp: a file with given contents, gone when the test ends.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace sonde::test {

class ScratchFile {
 public:
  explicit ScratchFile(const std::string& contents) {
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::temp_directory_path() /
            ("sonde-" + std::to_string(::getpid()) + "-" + test->name() + "-" +
             std::to_string(reinterpret_cast<std::uintptr_t>(this)));
    write(contents);
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile() { std::filesystem::remove(path_); }

  std::string path() const { return path_.string(); }
  void write(const std::string& contents) const { std::ofstream(path_, std::ios::trunc) << contents; }

 private:
  std::filesystem::path path_;
};

}  // namespace sonde::test
