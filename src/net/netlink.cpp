// netlink.cpp: see netlink.hpp.
#include "net/netlink.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "net/file_descriptor.hpp"

namespace sonde::net {

namespace {

constexpr std::size_t largest_answer =
    32'768;  // what the kernel puts into one datagram at most (netlink_dump)

std::unexpected<Error> failure(int system_errno, std::string_view what) {
  return std::unexpected(Error::from_errno(system_errno, std::string(what)));
}

int errno_in(std::span<const std::byte> body) {
  nlmsgerr refusal{};
  std::memcpy(&refusal, body.data(), std::min(sizeof refusal, body.size()));
  return -refusal.error;
}

// The messages of one datagram: calls use(header, body) with each, until that returns false.
template <typename Use>
void each_message(std::span<const std::byte> rest, Use use) {
  nlmsghdr head{};
  while (rest.size() >= sizeof head) {
    std::memcpy(&head, rest.data(), sizeof head);
    if (head.nlmsg_len < sizeof head || head.nlmsg_len > rest.size()) return;
    if (!use(head, rest.subspan(sizeof head, head.nlmsg_len - sizeof head))) return;
    rest = rest.subspan(std::min(netlink_aligned(head.nlmsg_len), rest.size()));
  }
}

}  // namespace

Result<std::vector<std::byte>> NetlinkRequest::ask(std::string_view what) {
  const FileDescriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  const auto question = bytes();
  std::vector<std::byte> answer(8192);  // more than the kernel puts into one message that is no dump
  if (!socket || ::send(socket.get(), question.data(), question.size(), 0) < 0) return failure(errno, what);
  const ssize_t length = ::recv(socket.get(), answer.data(), answer.size(), 0);
  if (length < 0) return failure(errno, what);
  answer.resize(static_cast<std::size_t>(length));
  nlmsghdr head{};
  if (answer.size() < sizeof head) return failure(EBADMSG, what);
  std::memcpy(&head, answer.data(), sizeof head);
  answer.erase(answer.begin(), answer.begin() + sizeof head);
  if (head.nlmsg_type != NLMSG_ERROR) return answer;
  return failure(errno_in(answer), what);
}

Result<void> NetlinkRequest::dump(std::string_view what,
                                  const std::function<void(std::span<const std::byte>)>& use) {
  const FileDescriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  header_.nlmsg_flags |= NLM_F_DUMP;
  const auto question = bytes();
  if (!socket || ::send(socket.get(), question.data(), question.size(), 0) < 0) return failure(errno, what);
  std::vector<std::byte> datagram(largest_answer);
  int system_errno = 0;
  for (bool more = true; more;) {
    const ssize_t length = ::recv(socket.get(), datagram.data(), datagram.size(), 0);
    if (length <= 0) return failure(length < 0 ? errno : EBADMSG, what);
    const auto received = std::span(datagram).first(static_cast<std::size_t>(length));
    each_message(received, [&](const nlmsghdr& head, std::span<const std::byte> body) {
      if ((head.nlmsg_flags & NLM_F_DUMP_INTR) != 0) system_errno = EINTR;
      if (head.nlmsg_type == NLMSG_ERROR) system_errno = errno_in(body);
      more = head.nlmsg_type != NLMSG_DONE && head.nlmsg_type != NLMSG_ERROR;
      if (more) use(body);
      return more;
    });
  }
  if (system_errno != 0) return failure(system_errno, what);
  return {};
}

std::uint32_t number_in(std::span<const std::byte> value) {
  std::uint32_t number = 0;
  std::memcpy(&number, value.data(), std::min(sizeof number, value.size()));
  return number;
}

std::optional<Address> address_in(std::span<const std::byte> value) {
  if (value.size() == 4) return Address::ipv4(value.first<4>());
  if (value.size() == 16) return Address::ipv6(value.first<16>());
  return std::nullopt;
}

std::optional<Address> address_on(std::span<const std::byte> value, std::uint32_t interface_index) {
  const auto address = address_in(value);
  if (!address || address->is_ipv4() || !address->is_link_local()) return address;
  return Address::ipv6(value.first<16>(), interface_index);
}

}  // namespace sonde::net
