// trial.cpp: see trial.hpp.
#include "trouble/trial.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>

#include "lab/sanitized.hpp"

namespace sonde::trouble {
namespace {

using Clock = std::chrono::steady_clock;
using lab::Descriptor;

// Reads until nobody writes any more.
std::string read_all(Descriptor from, const Reader& reader) {
  std::this_thread::sleep_for(reader.stall);  // the stall is what is tried
  std::string output;
  std::array<char, 65536> buffer;
  const std::size_t most = reader.byte_by_byte ? 1 : buffer.size();
  for (;;) {
    std::size_t wanted = most;
    if (reader.goes_after) wanted = std::min(wanted, *reader.goes_after - output.size());
    if (wanted == 0) return output;
    const ssize_t bytes = ::read(from.number(), buffer.data(), wanted);
    if (bytes <= 0) return output;
    output.append(buffer.data(), static_cast<std::size_t>(bytes));
  }
}

std::pair<Descriptor, Descriptor> make_channel(const Reader& reader) {
  std::array<int, 2> ends{};
  const int made = reader.is_socket ? ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data())
                                    : ::pipe2(ends.data(), O_CLOEXEC);
  if (made != 0) throw lab::LabError("no pipe");
  if (reader.byte_by_byte) ::fcntl(ends[1], F_SETPIPE_SZ, 4096);
  if (reader.nonblocking) ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

}  // namespace

Ended run_ended(const Namespace& space, Command command) {
  const auto began = Clock::now();
  Finished finished = space.run(std::move(command));
  return {.finished = std::move(finished), .elapsed = Clock::now() - began};
}

Read run_read(const Namespace& space, Command command, const Reader& reader) {
  auto [from, to] = make_channel(reader);
  command.standard_output = to.number();
  const auto began = Clock::now();
  Process process = space.start(std::move(command));
  to = Descriptor();
  Read result;
  std::thread reading([&result, &reader, end = std::move(from)]() mutable {
    result.output = read_all(std::move(end), reader);
  });
  result.ended.finished = process.wait();
  result.ended.elapsed = Clock::now() - began;
  reading.join();
  return result;
}

Read run_to_file(const Namespace& space, Command command, const std::filesystem::path& file) {
  const Descriptor to(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  command.standard_output = to.number();
  Read result{.ended = run_ended(space, std::move(command)), .output = {}};
  result.output = content_of(file);
  return result;
}

Broken in_parallel(std::size_t count, const std::function<Broken(std::size_t)>& of) {
  const std::size_t most = lab::sanitized ? 3 : 8;
  std::atomic<std::size_t> next = 0;
  std::mutex adding;
  Broken broken;
  const auto work = [&] {
    for (std::size_t which = next++; which < count; which = next++) {
      Broken found;
      try {
        found = of(which);
      } catch (const std::exception& error) {
        found = {fmt::format("trial {}: {}", which, error.what())};
      }
      const std::lock_guard lock(adding);
      broken.insert(broken.end(), found.begin(), found.end());
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(most);
  for (std::size_t i = 0; i < std::min(most, count); ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  return broken;
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string text_of(const Broken& broken) {
  constexpr std::size_t most = 12;
  std::string text = fmt::format("{} times broken", broken.size());
  for (std::size_t i = 0; i < std::min(most, broken.size()); ++i) text += "\n  " + broken[i];
  return text;
}

}  // namespace sonde::trouble
