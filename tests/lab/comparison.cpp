// comparison.cpp: what must have become of each request, and what sonde says became of it.
#include "lab/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

namespace sonde::lab {
namespace {

// At least, and at most: an answer may come when the run has ended, or be one that the kernel may or may not
// show.
struct Bounds {
  std::uint64_t least = 0, most = 0;
  void add(bool certain) {
    least += certain ? 1 : 0;
    ++most;
  }
  bool contain(std::uint64_t value) const { return least <= value && value <= most; }
};

enum class Meaning { genuine, error, note, rejected, perhaps_rejected, unseen };

Meaning meaning_of(const Answer& answer, const CheckOptions& options) {
  const Defects& defects = answer.defects;
  const bool error = answer.kind == Answer::Kind::error || answer.kind == Answer::Kind::note;
  // The kernel verifies checksums before anything but an IPv4 raw socket sees the packet.
  if (defects.checksum) return options.raw && !answer.from.v6 ? Meaning::perhaps_rejected : Meaning::unseen;
  // It may be the identifier of another of the program's sockets, or be counted behind a raw one.
  if (defects.identifier) return Meaning::perhaps_rejected;
  if (defects.sequence || defects.token) return Meaning::rejected;
  // "Fragment reassembly time exceeded" ends in the kernel (icmp_unreach() in net/ipv4/icmp.c).
  const bool reassembly = !answer.from.v6 && answer.type == 11 && answer.code == 1;
  if (error && reassembly && !options.raw) return Meaning::unseen;
  if (answer.kind == Answer::Kind::note) return Meaning::note;
  if (error) return Meaning::error;
  const bool had_token = options.payload_bytes >= token_bytes;
  if (had_token && answer.icmp_bytes < icmp_header_bytes + token_bytes) return Meaning::rejected;
  return Meaning::genuine;
}

using Events = std::map<std::uint64_t, std::vector<const SondeEvent*>>;  // verdicts by sequence

class Checker {
 public:
  Checker(const SondeRun& run, const ResponderRecord& record, const CheckOptions& options)
      : run_(run), options_(options) {
    if (options.may_drop) droppable_ = run.end->receive_drops;
    for (const RequestRecord& request : record.requests)
      requests_[request.destination.text()].push_back(&request);
    for (const SondeEvent& event : run.events) {
      if (event.event == "duplicate" || event.event == "rejected") continue;
      (event.event == "note" ? notes_ : verdicts_)[event.address][event.sequence].push_back(&event);
      const std::int64_t wait = event.rtt_ns.value_or(event.event == "lost" ? options.timeout.count() : 0);
      last_seen_unix_ns_ = std::max(last_seen_unix_ns_, event.sent_unix_ns + wait);
    }
  }

  std::vector<std::string> check() {
    check_requests();
    for (const SondeSummary& summary : run_.summaries) check_target(summary);
    for (const SondeSummary& summary : run_.summaries) {
      check_bounds(summary.address, "rejected", summary.rejected, rejected_[summary.address]);
      rejected_.erase(summary.address);
    }
    Bounds foreign;
    for (const auto& [address, bounds] : rejected_) {
      foreign.least += bounds.least;
      foreign.most += bounds.most;
    }
    check_bounds("all others", "rejected", run_.end->rejected, foreign);
    // Of duplicates, rejected packets and notes together no more than ten a second are written.
    const auto written = std::ranges::count_if(run_.events, [](const SondeEvent& event) {
      return event.event == "note" || event.event == "duplicate" || event.event == "rejected";
    });
    if (written < std::min<std::int64_t>(certain_notes_, 10)) say("all", "notes are missing");
    if (run_.end->receive_drops > kernel_drops_ && !options_.may_drop) {
      say("all", "the receive buffer dropped {} answers", run_.end->receive_drops);
    }
    return std::move(found_);
  }

 private:
  template <typename... Arguments>
  void say(std::string_view where, fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    found_.push_back(fmt::format("{}: {}", where, fmt::format(text, std::forward<Arguments>(arguments)...)));
  }

  // Whether that many answers may be missing because the program dropped them; each drop excuses one.
  bool dropped(std::uint64_t answers) {
    if (answers > droppable_) return false;
    droppable_ -= answers;
    return true;
  }

  void check_bounds(std::string_view where, std::string_view what, std::uint64_t value, Bounds bounds) {
    if (value < bounds.least && dropped(bounds.least - value)) return;
    if (!bounds.contain(value)) say(where, "{} {}, not {} to {}", what, value, bounds.least, bounds.most);
  }

  // What holds for every probe, whatever became of it.
  void check_requests() {
    std::set<std::uint64_t> tokens;
    for (const auto& [address, requests] : requests_) {
      for (const RequestRecord* request : requests) {
        if (!request->checksum_right) say(address, "probe {} left with a wrong checksum", request->probe);
        if (request->bytes != options_.payload_bytes + icmp_header_bytes) {
          say(address, "probe {} had {} bytes", request->probe, request->bytes);
        }
        if (options_.payload_bytes >= token_bytes && !tokens.insert(request->token).second) {
          say(address, "probe {} carries a token that was used before", request->probe);
        }
      }
    }
  }

  void check_target(const SondeSummary& summary) {
    const std::string& address = summary.address;
    check_sums(summary);
    const auto& requests = requests_[address];
    const Events& verdicts = verdicts_[address];
    std::vector<std::pair<std::uint64_t, std::vector<const SondeEvent*>>> left;
    for (std::uint64_t sequence = 0; sequence < summary.sent; ++sequence) {
      const auto found = verdicts.find(sequence);
      auto said = found == verdicts.end() ? std::vector<const SondeEvent*>() : found->second;
      if (said.empty() || has_left(address, *said.front())) left.emplace_back(sequence, std::move(said));
    }
    if (requests.size() != left.size()) {
      return say(address, "{} probes arrived, {} are said to have left", requests.size(), left.size());
    }
    duplicates_ = {};
    for (std::size_t at = 0; at < left.size(); ++at) {
      check_probe(address, left[at].first, *requests[at], left[at].second);
    }
    check_bounds(address, "duplicates", summary.duplicates, duplicates_);
  }

  // An IPv6 ping socket tells nobody when a firewall or a full queue refused a send (ping_v6_sendmsg() in
  // net/ipv6/ping.c drops the error): all there is to see is that no stamp came.
  bool has_left(const std::string& address, const SondeEvent& first) const {
    const bool told = options_.raw || address.find(':') == std::string::npos;
    return first.event != "local" && (told || first.event != "lost" || !first.has("no_tx_stamp"));
  }

  void check_sums(const SondeSummary& summary) {
    const std::string& address = summary.address;
    if (summary.sent != summary.received + summary.lost + summary.late + summary.errors + summary.local) {
      say(address, "sent {} is not received {} + lost {} + late {} + errors {} + local {}", summary.sent,
          summary.received, summary.lost, summary.late, summary.errors, summary.local);
    }
    const std::uint64_t left = summary.sent - summary.local;
    const double ratio =
        left == 0 ? 0 : static_cast<double>(summary.lost + summary.errors) / static_cast<double>(left);
    if (summary.loss_ratio.has_value() != (left != 0) ||
        std::abs(summary.loss_ratio.value_or(0) - ratio) > 1e-6) {
      say(address, "loss_ratio is not {}", ratio);
    }
    if (!options_.events) return;
    const std::uint64_t late = run_.count("late", address), lost = run_.count("lost", address);
    const bool agree = summary.received == run_.count("reply", address) && summary.late == late &&
                       summary.lost + late == lost && summary.errors == run_.count("error", address) &&
                       summary.local == run_.count("local", address);
    if (!agree) say(address, "the summary does not count what the events say");
    if (summary.has_rtt != (summary.received > 0)) say(address, "rtt figures without answers, or none with");
  }

  bool near_end(const AnswerRecord& answer) const {
    return answer.after.unix_ns + options_.either_side.count() > last_seen_unix_ns_;
  }

  void check_probe(const std::string& address, std::uint64_t sequence, const RequestRecord& request,
                   const std::vector<const SondeEvent*>& said) {
    std::vector<const AnswerRecord*> answers;
    for (const AnswerRecord& answer : request.answers) {
      if (answer.sent) answers.push_back(&answer);
    }
    // Of two sent at the same moment the one planned first.
    std::ranges::sort(answers, {}, [](const AnswerRecord* answer) {
      return std::pair(answer->before.monotonic_ns, answer);
    });
    const AnswerRecord* decisive = nullptr;
    for (const AnswerRecord* answer : answers) {
      const bool certain = !near_end(*answer);
      switch (meaning_of(answer->answer, options_)) {
        case Meaning::genuine:
        case Meaning::error:
          decisive == nullptr ? void(decisive = answer) : duplicates_.add(certain);
          break;
        case Meaning::note:
          if (options_.events) check_note(address, sequence, *answer, certain);
          break;
        case Meaning::rejected:
          rejected_[answer->answer.from.text()].add(certain);
          break;
        case Meaning::perhaps_rejected:
          rejected_[answer->answer.from.text()].add(false);
          break;
        case Meaning::unseen:
          if (options_.raw && answer->answer.defects.checksum) ++kernel_drops_;
          break;
      }
    }
    if (options_.events) check_verdict(fmt::format("{} seq {}", address, sequence), request, decisive, said);
  }

  void check_note(const std::string& address, std::uint64_t sequence, const AnswerRecord& note,
                  bool certain) {
    // Of IPv6 redirects the kernel shows a ping socket none.
    if (certain && !note.answer.from.v6) ++certain_notes_;
    const auto found = notes_[address].find(sequence);
    if (found == notes_[address].end()) return;
    const SondeEvent& event = *found->second.front();
    if (event.icmp_type != note.answer.type || event.icmp_code != note.answer.code) {
      say(address, "another type or code in the note at seq {}", sequence);
    }
  }

  void check_verdict(const std::string& where, const RequestRecord& request, const AnswerRecord* decisive,
                     const std::vector<const SondeEvent*>& said) {
    std::string words;
    for (const SondeEvent* event : said) words += (words.empty() ? "" : " ") + event->event;
    if (said.empty()) return say(where, "no verdict");
    for (const SondeEvent* event : said) check_sent(where, request, *event);
    if (decisive == nullptr) {
      if (words != "lost") say(where, "'{}', but nothing answered it ({})", words, to_string(request.fate));
      return;
    }
    const std::int64_t took = decisive->after.unix_ns - said.front()->sent_unix_ns;
    const std::int64_t beyond = took - options_.timeout.count();
    const bool close = std::abs(beyond) <= options_.either_side.count();
    const bool error = decisive->answer.kind == Answer::Kind::error;
    std::set<std::string> right;
    if (beyond < 0 || close) right.insert(error ? "error" : "reply");
    if (beyond >= 0 || close) right.insert(error || near_end(*decisive) ? "lost" : "lost late");
    if (close || near_end(*decisive)) right.insert(error ? "lost" : "lost late");
    // Whoever had not answered in time by then was lost for certain, and only the late answer was dropped.
    const bool suspected = beyond >= 0 || said.front()->has("suspect");
    if (words == "lost" && suspected && !right.contains(words) && dropped(1)) return;
    if (!right.contains(words)) {
      return say(where, "'{}' is not '{}' (answered after {} ms)", words, fmt::join(right, "' or '"),
                 took / 1'000'000);
    }
    const SondeEvent& last = *said.back();
    if (last.event == "error") {
      check_error(where, decisive->answer, last);
    } else if (last.event != "lost") {
      check_answer(where, decisive->answer, last);
      check_rtt(where, request, *decisive, last);
    }
  }

  void check_sent(const std::string& where, const RequestRecord& request, const SondeEvent& event) {
    if (event.sent_unix_ns > request.received.unix_ns + options_.kernel_margin.count()) {
      say(where, "said to have left {} ns after it arrived", event.sent_unix_ns - request.received.unix_ns);
    }
  }

  void check_answer(const std::string& where, const Answer& answer, const SondeEvent& event) {
    const auto flag = [&](const char* name, bool expected) {
      if (event.has(name) != expected) say(where, "flag {} is {}set", name, expected ? "not " : "");
    };
    flag("truncated", answer.defects.cut);
    flag("extra_bytes", answer.defects.extra);
    flag("corrupt", answer.defects.payload);
    flag("other_source", answer.defects.source);
    flag("no_token", options_.payload_bytes < token_bytes);
    if (answer.ip_options) flag("ip_options", true);
    if (event.ttl && event.ttl != answer.ttl) say(where, "ttl {}, not {}", *event.ttl, answer.ttl);
    if (event.bytes && event.bytes != answer.icmp_bytes)
      say(where, "bytes {}, not {}", *event.bytes, answer.icmp_bytes);
    if (!event.ttl || !event.bytes) say(where, "ttl or bytes are missing");
    if (answer.defects.source && event.from != answer.from.text())
      say(where, "not said to come from its source");
  }

  void check_error(const std::string& where, const Answer& answer, const SondeEvent& event) {
    if (event.icmp_type != answer.type || event.icmp_code != answer.code) {
      say(where, "type {} code {}, not {} {}", event.icmp_type.value_or(999), event.icmp_code.value_or(999),
          answer.type, answer.code);
    }
    if (event.from != answer.from.text())
      say(where, "from {}, not {}", event.from.value_or("?"), answer.from.text());
    if (event.reason.empty() || event.reason == "neighbour") say(where, "reason '{}'", event.reason);
    const bool has_mtu = answer.from.v6 ? answer.type == 2 : answer.type == 3 && answer.code == 4;
    if (has_mtu && answer.mtu != 0 && event.mtu != answer.mtu) say(where, "mtu {}", event.mtu.value_or(0));
  }

  void check_rtt(const std::string& where, const RequestRecord& request, const AnswerRecord& answer,
                 const SondeEvent& event) {
    if (!event.rtt_ns) return say(where, "no RTT");
    const std::int64_t rtt = *event.rtt_ns, margin = options_.kernel_margin.count();
    const std::int64_t held = answer.before.monotonic_ns - request.received.monotonic_ns;
    if (rtt < held - margin) say(where, "RTT {} ns, but the answer was held for {} ns", rtt, held);
    if (event.clock == "user") {
      const std::int64_t most =
          answer.after.unix_ns - request.received.unix_ns + options_.user_margin.count();
      if (rtt > most) say(where, "RTT {} ns by the user clock, more than {} ns", rtt, most);
      return;
    }
    const std::int64_t least = answer.before.unix_ns - event.sent_unix_ns,
                       most = answer.after.unix_ns - event.sent_unix_ns;
    if (rtt < least - margin || rtt > most + margin)
      say(where, "RTT {} ns, not {} to {} ns", rtt, least, most);
  }

  const SondeRun& run_;
  const CheckOptions& options_;
  std::map<std::string, std::vector<const RequestRecord*>> requests_;  // by address
  std::map<std::string, Events> verdicts_, notes_;
  std::map<std::string, Bounds> rejected_;  // by the address they came from
  Bounds duplicates_;                       // of the target being checked
  std::int64_t last_seen_unix_ns_ = 0, certain_notes_ = 0;
  // What an IPv6 raw socket drops for its checksum the kernel counts as if the buffer had been full.
  std::uint64_t kernel_drops_ = 0;
  std::uint64_t droppable_ = 0;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> disagreements(const SondeRun& run, const ResponderRecord& record,
                                       const CheckOptions& options) {
  return Checker(run, record, options).check();
}

}  // namespace sonde::lab
