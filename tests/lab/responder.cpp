// responder.cpp: what becomes of a request: its fate, then its answers, now or later.
#include "lab/responder.hpp"

#include <algorithm>
#include <utility>

namespace sonde::lab {
namespace {

constexpr std::uint32_t use_loss = 1, use_reorder = 2;

bool later(std::int64_t a_due, std::uint64_t a_order, std::int64_t b_due, std::uint64_t b_order) {
  return std::pair(a_due, a_order) > std::pair(b_due, b_order);
}

std::uint64_t token_of(ByteView payload) {
  if (payload.size() < token_bytes) return 0;
  std::uint64_t token = 0;
  for (std::size_t at = 0; at < token_bytes; ++at) token = token << 8 | payload[at];
  return token;
}

RequestRecord record_of(const Request& request, Instant now) {
  RequestRecord record;
  record.received = now;
  record.protocol = request.protocol;
  record.source = request.source;
  record.destination = request.destination;
  record.identifier = request.identifier;
  record.sequence = request.sequence;
  record.ttl = request.ttl;
  record.tos = request.tos;
  record.checksum_right = request.checksum_right;
  record.bytes = static_cast<std::uint32_t>(request.message().size());
  record.token = token_of(request.payload());
  return record;
}

// Whether a host does anything with what is no echo request.
bool takes(const Behaviour& behaviour, const Request& request) {
  switch (request.protocol) {
    case Protocol::udp:
      return behaviour.udp_closed;
    case Protocol::tcp:
      return behaviour.tcp_closed || request.sequence == behaviour.tcp_open_port;
    case Protocol::icmp:
      return request.question != Question::node_information || behaviour.node || behaviour.error;
  }
  return false;
}

}  // namespace

Responder::Responder(Scenario scenario, World world, bool keep_requests)
    : scenario_(std::move(scenario)), world_(std::move(world)), keep_requests_(keep_requests) {}

std::optional<Request> Responder::read(ByteView packet) const {
  if (auto echo = read_echo_request(packet)) return echo;
  auto request = read_other_request(packet);
  if (!request) request = read_port_request(packet);
  const HostBlock* block = request ? scenario_.find(request->destination) : nullptr;
  if (block == nullptr) return {};
  const auto host = hosts_.find(request->destination);
  const Behaviour behaviour =
      block->behaviour(host == hosts_.end() ? 1 : host->second.probes + 1, request->ttl);
  return takes(behaviour, *request) ? request : std::nullopt;
}

void Responder::receive(ByteView packet, Instant now) {
  const std::optional<Request> request = read(packet);
  if (!request) {
    ++summary_.other_packets;
    return;
  }
  ++summary_.requests;
  if (!request->checksum_right) ++summary_.wrong_checksums;
  const auto [place, created] = hosts_.try_emplace(request->destination);
  Host& host = place->second;
  if (created) host = {scenario_.find(request->destination), 0, now.monotonic_ns};
  ++host.probes;
  // Kept or not, a request's record lives in the vector while its answers are planned.
  if (!keep_requests_) requests_.clear();
  RequestRecord& record = requests_.emplace_back(record_of(*request, now));
  record.probe = host.probes;
  if (host.block == nullptr) {
    ++summary_.unknown_hosts;
    record.fate = Fate::unknown_host;
  } else if (host.block->rules.empty()) {
    plan(*request, host, host.block->base, record);
  } else {
    plan(*request, host, host.block->behaviour(host.probes, request->ttl), record);
  }
  if (!keep_requests_) requests_.clear();
}

Fate Responder::fate_of(const Host& host, const HostAddress& address, const Behaviour& behaviour,
                        Instant now) const {
  if (host.probes > behaviour.dies_after_probes) return Fate::dead;
  if (behaviour.dies_after && now.monotonic_ns - host.first_monotonic_ns >= behaviour.dies_after->count()) {
    return Fate::dead;
  }
  const std::uint64_t period = std::uint64_t{behaviour.flap_up} + behaviour.flap_down;
  if (period != 0 && (host.probes - 1) % period >= behaviour.flap_up) return Fate::down;
  if (behaviour.silence) return Fate::silence;
  if (hits(behaviour.loss, scenario_.seed, address, host.probes, use_loss)) return Fate::lost;
  return behaviour.error && behaviour.error->code(address.v6) ? Fate::error : Fate::answered;
}

void Responder::plan(const Request& request, const Host& host, const Behaviour& behaviour,
                     RequestRecord& record) {
  const HostAddress& address = request.destination;
  record.fate = fate_of(host, address, behaviour, record.received);
  if (record.fate != Fate::answered && record.fate != Fate::error) return;

  Duration delay = sample(behaviour.delay, scenario_.seed, address, host.probes) + behaviour.late;
  if (hits(behaviour.reorder, scenario_.seed, address, host.probes, use_reorder))
    delay += behaviour.reorder_by;
  for (std::uint32_t forgery = 1; forgery <= behaviour.forged; ++forgery) {
    const Answer forged = make_reply(request, behaviour, forgery, packet_);
    answer(forged, std::max(Duration{}, delay - behaviour.forged_before), record);
  }
  if (behaviour.note) {
    if (auto note = make_icmp_error(request, behaviour, *behaviour.note, packet_)) {
      note->kind = Answer::Kind::note;
      answer(*note, delay, record);
    }
  }
  if (record.fate == Fate::error) {
    if (const auto error = make_icmp_error(request, behaviour, *behaviour.error, packet_))
      answer(*error, delay, record);
    return;
  }
  for (std::uint32_t copy = 0; copy <= behaviour.duplicates; ++copy) {
    Answer reply = make_answer(request, behaviour);
    if (copy > 0) reply.kind = Answer::Kind::duplicate;
    answer(reply, delay + copy * behaviour.duplicate_spacing, record);
  }
}

Answer Responder::make_answer(const Request& request, const Behaviour& behaviour) {
  if (request.protocol == Protocol::udp) return make_port_unreachable(request, behaviour, packet_);
  if (request.protocol == Protocol::tcp) return make_tcp_answer(request, behaviour, packet_);
  return make_reply(request, behaviour, 0, packet_);
}

void Responder::answer(const Answer& answer, Duration delay, RequestRecord& record) {
  AnswerRecord& planned = record.answers.emplace_back();
  planned.answer = answer;
  planned.delay_ns = delay.count();
  if (delay <= Duration{}) {
    send(packet_, planned);
    return;
  }
  waiting_.push_back({record.received.monotonic_ns + delay.count(), planned_++, requests_.size() - 1,
                      record.answers.size() - 1, packet_});
  std::ranges::push_heap(waiting_, [](const Waiting& a, const Waiting& b) {
    return later(a.due_ns, a.order, b.due_ns, b.order);
  });
}

void Responder::send_due(std::int64_t now_monotonic_ns) {
  while (!waiting_.empty() && waiting_.front().due_ns <= now_monotonic_ns) {
    std::ranges::pop_heap(waiting_, [](const Waiting& a, const Waiting& b) {
      return later(a.due_ns, a.order, b.due_ns, b.order);
    });
    const Waiting due = std::move(waiting_.back());
    waiting_.pop_back();
    AnswerRecord unkept;
    send(due.packet, keep_requests_ ? requests_[due.request].answers[due.answer] : unkept);
  }
}

std::optional<std::int64_t> Responder::next_due_ns() const {
  if (waiting_.empty()) return {};
  return waiting_.front().due_ns;
}

void Responder::send(ByteView packet, AnswerRecord& record) {
  record.before = world_.now();
  record.sent = world_.send(packet);
  record.after = world_.now();
  ++(record.sent ? summary_.answers : summary_.answers_failed);
}

}  // namespace sonde::lab
