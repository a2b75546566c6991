// liboping.cpp: the C functions. Each guards its arguments as liboping does and lets no exception out.
#include <netdb.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "liboping/object.hpp"
#include "net/memory.hpp"
#include "net/socket_address.hpp"

namespace {

// Runs `body`; what it throws, out of memory for one, is the error, and it returns -1.
template <typename Body>
int guarded(pingobj_t* obj, Body body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    obj->error.assign("no memory");  // both short enough for no allocation
  } catch (...) {
    obj->error.assign("internal error");
  }
  return -1;
}

template <typename Value>
int give(const Value& value, void* buffer, std::size_t room, std::size_t* taken) {
  *taken = sizeof value;
  if (room < sizeof value) return ENOMEM;
  std::memcpy(buffer, &value, sizeof value);
  return 0;
}

// `most_room`: the first size that is too small. What is behind the text is zeros, as strncpy leaves it.
int give_text(const std::string& text, void* buffer, std::size_t room, std::size_t* taken,
              std::size_t too_small) {
  *taken = text.size() + 1;
  if (room <= too_small) return ENOMEM;
  std::memset(buffer, 0, room);
  std::memcpy(buffer, text.data(), text.size());
  return 0;
}

// Without a final zero where there is no room for one.
int give_data(const std::string& data, void* buffer, std::size_t room, std::size_t* taken) {
  *taken = data.size();
  if (room < data.size()) return ENOMEM;
  std::memset(buffer, 0, room);
  std::memcpy(buffer, data.data(), data.size());
  return 0;
}

int give_qos(std::uint8_t qos, void* buffer, std::size_t room, std::size_t* taken) {
  if (room == 0) {
    *taken = 1;
    return ENOMEM;
  }
  *taken = std::min(room, sizeof(unsigned));
  const unsigned value = qos;
  std::memcpy(buffer, &value, *taken);
  return 0;
}

int set_source(pingobj_t& obj, const char* name) {
  addrinfo wanted{};
  wanted.ai_flags = AI_ADDRCONFIG;
  wanted.ai_family = obj.family = AF_UNSPEC;
  sonde::net::need_memory();
  addrinfo* list = nullptr;
  if (const int code = ::getaddrinfo(name, nullptr, &wanted, &list); code != 0) {
    obj.error =
        std::string("getaddrinfo: ") + (code == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(code));
    return -1;
  }
  const auto address = sonde::net::SocketAddress::from(list->ai_addr, list->ai_addrlen);
  ::freeaddrinfo(list);
  if (!address) return -1;
  obj.network.source = address->address();
  obj.family = obj.network.source->is_ipv4() ? AF_INET : AF_INET6;
  return 0;
}

int set_timeout(pingobj_t& obj, double seconds) {
  constexpr double most = 86'400.0 * 365;
  const bool good = seconds >= 0;
  const double taken = good ? std::min(seconds, most) : PING_DEF_TIMEOUT;
  obj.timeout = std::chrono::duration_cast<sonde::Nanoseconds>(std::chrono::duration<double>(taken));
  return good ? 0 : -1;
}

int set_ttl(pingobj_t& obj, int ttl) {
  const bool good = ttl >= 1 && ttl <= 255;
  obj.network.ttl = static_cast<std::uint8_t>(good ? ttl : PING_DEF_TTL);
  return good ? 0 : -1;
}

int set_family(pingobj_t& obj, int family) {
  const bool good = family == AF_UNSPEC || family == AF_INET || family == AF_INET6;
  obj.family = good ? family : PING_DEF_AF;
  obj.network.source.reset();
  return good ? 0 : -1;
}

int set(pingobj_t& obj, int option, const void* value) {
  const auto* text = static_cast<const char*>(value);
  switch (option) {
    case PING_OPT_TIMEOUT:
      return set_timeout(obj, *static_cast<const double*>(value));
    case PING_OPT_TTL:
      return set_ttl(obj, *static_cast<const int*>(value));
    case PING_OPT_AF:
      return set_family(obj, *static_cast<const int*>(value));
    case PING_OPT_DATA:
      obj.data = text;
      return 0;
    case PING_OPT_SOURCE:
      return set_source(obj, text);
    case PING_OPT_DEVICE:
      obj.network.interface = text;
      return 0;
    case PING_OPT_QOS:
      obj.network.tos = *static_cast<const std::uint8_t*>(value);
      return 0;
    case PING_OPT_MARK:
      obj.network.mark = static_cast<std::uint32_t>(*static_cast<const int*>(value));
      return 0;
    default:
      return -2;
  }
}

int get(const pinghost& host, int info, void* buffer, std::size_t* length) {
  const std::size_t room = *length;
  switch (info) {
    case PING_INFO_USERNAME:
      return give_text(host.user_name, buffer, room, length, host.user_name.size() + 1);
    case PING_INFO_HOSTNAME:
      return give_text(host.host_name, buffer, room, length, host.host_name.size());
    case PING_INFO_ADDRESS: {
      const std::string text = host.address.to_string();
      return give_text(text, buffer, room, length, text.size());
    }
    case PING_INFO_FAMILY:
      return give<int>(host.address.is_ipv4() ? AF_INET : AF_INET6, buffer, room, length);
    case PING_INFO_LATENCY:
      return give(host.latency_ms, buffer, room, length);
    case PING_INFO_SEQUENCE:
      return give(host.sequence, buffer, room, length);
    case PING_INFO_IDENT:
      return give(static_cast<std::uint16_t>(host.order), buffer, room, length);
    case PING_INFO_DATA:
      return give_data(host.data, buffer, room, length);
    case PING_INFO_DROPPED:
      return give(host.dropped, buffer, room, length);
    case PING_INFO_RECV_TTL:
      return give(host.received_ttl, buffer, room, length);
    case PING_INFO_RECV_QOS:
      return give_qos(host.received_qos, buffer, room, length);
    default:
      return EINVAL;
  }
}

}  // namespace

extern "C" {

pingobj_t* ping_construct() {
  try {
    return new pingobj();  // NOLINT(cppcoreguidelines-owning-memory): C owns it
  } catch (...) {
    return nullptr;
  }
}

void ping_destroy(pingobj_t* obj) {
  delete obj;  // NOLINT(cppcoreguidelines-owning-memory)
}

int ping_setopt(pingobj_t* obj, int option, void* value) {
  if (obj == nullptr || value == nullptr) return -1;
  return guarded(obj, [&] { return set(*obj, option, value); });
}

int ping_send(pingobj_t* obj) {
  if (obj == nullptr) return -1;
  return guarded(obj, [&] {
    try {
      return obj->send();
    } catch (...) {
      obj->abandon_round();
      throw;
    }
  });
}

int ping_host_add(pingobj_t* obj, const char* host) {
  if (obj == nullptr || host == nullptr) return -1;
  return guarded(obj, [&] { return obj->add(host) ? 0 : -1; });
}

int ping_host_remove(pingobj_t* obj, const char* host) {
  if (obj == nullptr || host == nullptr) return -1;
  return guarded(obj, [&] { return obj->remove(host) ? 0 : -1; });
}

pingobj_iter_t* ping_iterator_get(pingobj_t* obj) {
  return obj == nullptr ? nullptr : obj->first();
}

pingobj_iter_t* ping_iterator_next(pingobj_iter_t* iter) {
  return iter == nullptr ? nullptr : iter->next();
}

int ping_iterator_count(pingobj_t* obj) {
  return obj == nullptr ? 0 : static_cast<int>(obj->count());
}

int ping_iterator_get_info(pingobj_iter_t* iter, int info, void* buffer, size_t* buffer_len) {
  if (iter == nullptr || buffer_len == nullptr || (buffer == nullptr && *buffer_len != 0)) return -1;
  return guarded(iter->owner, [&] { return get(*iter, info, buffer, buffer_len); });
}

const char* ping_get_error(pingobj_t* obj) {
  return obj == nullptr ? nullptr : obj->error.c_str();
}

void* ping_iterator_get_context(pingobj_iter_t* iter) {
  return iter == nullptr ? nullptr : iter->context;
}

void ping_iterator_set_context(pingobj_iter_t* iter, void* context) {
  if (iter != nullptr) iter->context = context;
}

}  // extern "C"
