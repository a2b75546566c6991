// error.cpp: errors made of an errno, and their one-line text.
#include "sonde/error.hpp"

#include <string.h>

#include <cerrno>
#include <utility>

#include "text/printable.hpp"

namespace sonde {
namespace {

ErrorCode code_of(int system_errno) {
  switch (system_errno) {
    case EPERM:
    case EACCES:
      return ErrorCode::permission_denied;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case EAGAIN:
      return ErrorCode::resource_limit;
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return ErrorCode::not_found;
    case EADDRNOTAVAIL:
    case EADDRINUSE:
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
    case ESOCKTNOSUPPORT:
    case EOPNOTSUPP:
    case ENOPROTOOPT:
    case ENOSYS:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTUNREACH:
      return ErrorCode::unavailable;
    default:
      return ErrorCode::system;
  }
}

}  // namespace

std::string Error::message() const {
  std::string text = what;
  const auto append = [&text](std::string_view separator, std::string_view part) {
    if (part.empty()) return;
    if (!text.empty()) text += separator;
    text += part;
  };
  append(": ", subject);
  if (system_errno != 0) {
    std::string reason = errno_name(system_errno);
    if (const char* description = ::strerrordesc_np(system_errno); description != nullptr) {
      reason.append(" (").append(description).append(")");
    }
    append(": ", reason);
  }
  append("; ", hint);
  return text::printable(text);
}

Error Error::from_errno(int system_errno, std::string what, std::string subject, std::string hint) {
  return {code_of(system_errno), system_errno, std::move(what), std::move(subject), std::move(hint)};
}

Error Error::invalid(std::string what, std::string subject, std::string hint) {
  return {ErrorCode::invalid_argument, 0, std::move(what), std::move(subject), std::move(hint)};
}

std::string errno_name(int system_errno) {
  const char* name = ::strerrorname_np(system_errno);
  return name != nullptr && system_errno != 0 ? name : "E" + std::to_string(system_errno);
}

}  // namespace sonde
