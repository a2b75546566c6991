// measured_targets.hpp: what the user named, and which target of the session each is (or has become).
//
// A requested target is measured at one address, at several (--all-addresses), or at none yet (a name being resolved). When
// a name moves to another address, the old target's last figures stay here for the summary.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/target_list.hpp"
#include "report/reporter.hpp"
#include "sonde/event.hpp"

namespace sonde::cli {

class MeasuredTargets {
 public:
  struct Measured {
    std::size_t request = 0;  // index into the list
    Address address;
    TargetId id{};
    // Where the run's own choice was left: the way before for those that ended by that, the other for who came after.
    TransportKind way = TransportKind::automatic;
    std::unique_ptr<report::Summary> last;  // what it came to; null while it is in the session
    bool present() const { return last == nullptr; }
  };

  explicit MeasuredTargets(const TargetList& list) : list_(&list) {}

  void reserve(std::size_t targets) { measured_.reserve(targets); }

  std::size_t add(std::size_t request, const Address& address, TargetId id,
                  TransportKind way = TransportKind::automatic) {
    measured_.push_back({request, address, id, way, nullptr});
    return measured_.size() - 1;
  }

  std::optional<std::size_t> find(TargetId id) {
    if (by_id_.size() != measured_.size()) index();
    const auto found = std::lower_bound(by_id_.begin(), by_id_.end(), std::pair{id, std::size_t{0}});
    if (found == by_id_.end() || found->first != id) return std::nullopt;
    return found->second;
  }

  Measured& operator[](std::size_t place) { return measured_[place]; }
  const Measured& operator[](std::size_t place) const { return measured_[place]; }
  std::size_t size() const { return measured_.size(); }

  report::TargetName name(std::size_t place) const {
    const Measured& measured = measured_[place];
    RequestedTarget requested = (*list_)[measured.request];
    report::TargetName name{std::move(requested.text), std::move(requested.label), {}, measured.address};
    if (measured.way != TransportKind::automatic) name.transport = to_string(measured.way);
    const auto known =
        std::lower_bound(host_names_.begin(), host_names_.end(), std::pair{place, std::string()});
    if (known != host_names_.end() && known->first == place) name.host_name = known->second;
    return name;
  }

  void set_host_name(std::size_t place, std::string name) {
    const auto at = std::lower_bound(host_names_.begin(), host_names_.end(), std::pair{place, std::string()});
    host_names_.insert(at, {place, std::move(name)});
  }

 private:
  // Targets are added in bulk, or seldom; and a run that shows summaries only looks none up.
  void index() {
    for (std::size_t place = by_id_.size(); place < measured_.size(); ++place) {
      by_id_.emplace_back(measured_[place].id, place);
    }
    std::sort(by_id_.begin(), by_id_.end());
  }

  const TargetList* list_;
  std::vector<Measured> measured_;
  std::vector<std::pair<TargetId, std::size_t>> by_id_;          // sorted; see index()
  std::vector<std::pair<std::size_t, std::string>> host_names_;  // of reverse look-ups, sorted by place; few
};

}  // namespace sonde::cli
