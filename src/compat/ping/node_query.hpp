// node_query.hpp: what -N asks for: its arguments, one by one, as a node information query.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compat/ping/voice.hpp"
#include "sonde/options.hpp"

namespace sonde::compat::ping {

class NodeQueryReader {
 public:
  // One argument of -N. An Exit: help was asked for, or it is a mistake; either was answered.
  std::optional<Exit> take(const std::string& argument, const Voice& voice);
  // What all of them ask together; nullopt where none said what: a subject alone asks nothing.
  std::optional<NodeQuery> query() const;

 private:
  // False: not with what came before, or not at all; said already.
  bool take_type(std::uint16_t type, std::uint16_t flag, const Voice& voice);
  bool take_subject_type(std::uint8_t type, const Voice& voice);
  bool take_subject_address(std::uint8_t type, const std::string& name, const Voice& voice);
  // nullopt: the same.
  std::optional<Exit> take_subject_name(const std::string& given, bool fully_qualified, const Voice& voice);

  std::optional<std::uint16_t> type_;
  std::uint16_t flags_ = 0;
  std::uint8_t subject_type_ = 0;
  std::vector<std::byte> subject_;  // empty: none yet
};

}  // namespace sonde::compat::ping
