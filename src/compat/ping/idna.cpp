// idna.cpp: see idna.hpp.
//
// libidn2 is loaded when a name needs it, as glibc does: linked, it and its tables would cost every start of the program, and
// nothing but -N asks for it. So its interface, which is stable since 2.0, is declared here.
#include "compat/ping/idna.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace sonde::compat::ping {

namespace {

using LookupName = int (*)(const char* name, char** encoded,
                           int flags);        // idn2_lookup_ul(): in the locale's letters
using ErrorText = const char* (*)(int code);  // idn2_strerror()
constexpr int nontransitional = 8;            // IDN2_NONTRANSITIONAL: "ß" is a letter, not "ss"

struct Close {
  void operator()(void* library) const { ::dlclose(library); }
};
struct Free {
  void operator()(char* text) const {
    std::free(text);  // NOLINT(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory)
  }
};

}  // namespace

std::expected<std::string, std::string> encode_name(const std::string& name) {
  const std::unique_ptr<void, Close> library(::dlopen("libidn2.so.0", RTLD_NOW | RTLD_LOCAL));
  const auto find = [&](const char* function) {
    return library ? ::dlsym(library.get(), function) : nullptr;
  };
  const auto look_up_name = reinterpret_cast<LookupName>(find("idn2_lookup_ul"));
  const auto error_text = reinterpret_cast<ErrorText>(find("idn2_strerror"));
  if (look_up_name == nullptr || error_text == nullptr) {
    const bool is_ascii = std::ranges::all_of(name, [](unsigned char letter) { return letter < 0x80; });
    if (is_ascii) return name;
    return std::unexpected("libidn2.so.0 is not installed");
  }
  char* encoded = nullptr;
  const int code = look_up_name(name.c_str(), &encoded, nontransitional);
  const std::unique_ptr<char, Free> owned(encoded);
  if (code != 0) return std::unexpected(error_text(code));
  return encoded;
}

}  // namespace sonde::compat::ping
