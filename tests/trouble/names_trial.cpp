// names_trial.cpp: see names_trial.hpp.
#include "trouble/names_trial.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace sonde::trouble {
namespace {

void checked(int result, const char* what) {
  if (result != 0) throw lab::LabError(std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

std::string no_devices() {
  return ::geteuid() == 0 ? "" : "only root can make device nodes";
}

DeviceDirectory::DeviceDirectory() {
  checked(::unshare(CLONE_NEWNS), "unshare");
  checked(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount private");
  // A program that goes wrong as root takes no name out of the machine's own /dev.
  checked(::mount("/dev", "/dev", nullptr, MS_BIND | MS_REC, nullptr), "mount /dev");
  checked(::mount(nullptr, "/dev", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr), "remount /dev");
  checked(::mount("tmpfs", directory_.path().c_str(), "tmpfs", 0, "mode=777"), "mount tmpfs");
}

DeviceDirectory::~DeviceDirectory() {
  ::umount2(directory_.path().c_str(), MNT_DETACH);
}

std::filesystem::path DeviceDirectory::make_null(const std::string& name) const {
  checked(::mknod((*this / name).c_str(), S_IFCHR | 0666, makedev(1, 3)), "mknod");
  return *this / name;
}

std::filesystem::path DeviceDirectory::make_full(const std::string& name) const {
  checked(::mknod((*this / name).c_str(), S_IFCHR | 0666, makedev(1, 7)), "mknod");
  return *this / name;
}

std::filesystem::path DeviceDirectory::make_fifo(const std::string& name) const {
  checked(::mkfifo((*this / name).c_str(), 0666), "mkfifo");
  return *this / name;
}

std::filesystem::path DeviceDirectory::make_file(const std::string& name, const std::string& content) const {
  std::ofstream(*this / name) << content;
  return *this / name;
}

Words DeviceDirectory::names() const {
  Words found;
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path()))
    found.push_back(entry.path().filename());
  std::ranges::sort(found);
  return found;
}

}  // namespace sonde::trouble
