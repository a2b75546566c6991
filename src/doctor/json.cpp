// json.cpp: see json.hpp.
#include "doctor/json.hpp"

#include <nlohmann/json.hpp>

#include "doctor/words.hpp"

namespace sonde::doctor {
namespace {

// Keeps the order in which fields are written.
using Json = nlohmann::ordered_json;

template <typename Value>
Json nullable(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json nullable(const std::optional<Address>& address) {
  return address ? Json(address->to_string()) : Json(nullptr);
}

Json nullable(const std::optional<Nanoseconds>& duration) {
  return duration ? Json(duration->count()) : Json(nullptr);
}

// The empty text stands for "nothing to say".
Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json errno_or_null(int system_errno) {
  return system_errno == 0 ? Json(nullptr) : Json(errno_name(system_errno));
}

template <typename Elements, typename Convert>
Json array(const Elements& elements, Convert convert) {
  Json values = Json::array();
  for (const auto& element : elements) values.push_back(convert(element));
  return values;
}

int ip_version(Family family) {
  return static_cast<int>(family);
}

// --- Process ------------------------------------------------------------------------------------------------

Json capabilities_json(net::CapabilitySet set) {
  return {{"bits", set.bits()},
          {"net_raw", set.has(net::Capability::net_raw)},
          {"net_admin", set.has(net::Capability::net_admin)}};
}

Json host_json(const Host& host) {
  return {{"kernel", host.kernel},
          {"machine", host.machine},
          {"environments", host.environments},
          {"user_namespace", host.user_namespace},
          {"owns_network", nullable(host.owns_network)},
          {"proc_sys_read_only", host.proc_sys_read_only}};
}

Json process_json(const Diagnosis& diagnosis) {
  if (!diagnosis.permissions) return nullptr;
  const net::Permissions& own = *diagnosis.permissions;
  Json range = nullptr;
  if (own.ping_group_range) {
    range = {{"first", own.ping_group_range->first},
             {"last", own.ping_group_range->last},
             {"contains_process", net::in_ping_group_range(own)}};
  }
  return {{"uid", own.user},
          {"gid", own.group},
          {"groups", own.groups},
          {"ping_group_range", std::move(range)},
          {"effective", capabilities_json(own.effective)},
          {"permitted", capabilities_json(own.permitted)},
          {"bounding", capabilities_json(own.bounding)},
          {"ambient", capabilities_json(own.ambient)},
          {"no_new_privs", own.no_new_privileges},
          {"seccomp", own.seccomp_filter},
          {"in_container", own.in_container},
          {"executable", text_or_null(own.executable)},
          {"executable_on_nosuid", diagnosis.executable_on_nosuid}};
}

// --- Ways ---------------------------------------------------------------------------------------------------

Json attempt_json(const Attempt& attempt) {
  return {{"ip_version", ip_version(attempt.family)},
          {"open", attempt.open},
          {"failed_call", text_or_null(attempt.failed_call)},
          {"errno", errno_or_null(attempt.system_errno)},
          {"closed_by", attempt.open ? Json(nullptr) : Json(to_string(attempt.closed_by))},
          {"because", text_or_null(attempt.because)},
          {"transmit_stamp", nullable(attempt.transmit_stamp)},
          {"receive_stamp", nullable(attempt.receive_stamp)},
          {"stamps_remark", text_or_null(attempt.stamps_remark)},
          {"loopback_errno", errno_or_null(attempt.loopback_errno)}};
}

Json fix_json(const Fix& fix) {
  return {{"id", fix.id},
          {"what", fix.what},
          {"file", text_or_null(fix.file)},
          {"lines", fix.lines},
          {"remark", text_or_null(fix.remark)}};
}

Json way_json(const WayFound& way) {
  return {{"way", to_string(way.way)},
          {"open", way.open()},
          {"families", array(way.attempts, attempt_json)},
          {"fixes", array(way.remedy.fixes, fix_json)},
          {"ruled_out", array(way.remedy.ruled_out, [](const RuledOut& ruled_out) {
             return Json{{"id", ruled_out.id}, {"because", ruled_out.because}};
           })}};
}

// --- Network and limits -------------------------------------------------------------------------------------

Json route_json(const Route& route) {
  return {{"ip_version", ip_version(route.family)},
          {"exists", route.exists},
          {"errno", errno_or_null(route.system_errno)},
          {"source", nullable(route.source)}};
}

Json interface_json(const InterfaceFound& found) {
  Json stamping = nullptr;
  if (found.stamping) {
    stamping = {{"transmit_software", found.stamping->transmit_software},
                {"transmit_hardware", found.stamping->transmit_hardware},
                {"receive_hardware_all", found.stamping->receive_hardware_all}};
  }
  return {{"name", found.interface.name},
          {"up", found.interface.is_up},
          {"loopback", found.interface.is_loopback},
          {"mtu", found.interface.mtu},
          {"addresses", array(found.interface.addresses, [](const Address& own) { return own.to_string(); })},
          {"stamping", std::move(stamping)}};
}

Json fill_json(const std::optional<Fill>& fill) {
  if (!fill) return nullptr;
  return {{"entries", fill->entries}, {"limit", nullable(fill->limit)}};
}

Json limits_json(const Limits& limits) {
  const ReceiveBuffer& buffer = limits.receive_buffer;
  return {{"receive_buffer",
           {{"default_bytes", nullable(buffer.default_bytes)},
            {"max_bytes", nullable(buffer.max_bytes)},
            {"granted_bytes", nullable(buffer.granted_bytes)},
            {"force_works", buffer.force_works},
            {"force_errno", errno_or_null(buffer.force_errno)},
            {"answers", buffer.answers},
            {"probes_per_second", buffer.probes_per_second}}},
          {"icmp_ratelimit_ms", nullable(limits.icmp_ratelimit_ms)},
          {"icmp_ratemask", nullable(limits.icmp_ratemask)},
          {"icmp_msgs_per_sec", nullable(limits.icmp_messages_per_second)},
          {"icmp_msgs_burst", nullable(limits.icmp_messages_burst)},
          {"icmpv6_ratelimit_ms", nullable(limits.icmpv6_ratelimit_ms)},
          {"icmp_echo_ignore_all", nullable(limits.echo_ignored)},
          {"conntrack", fill_json(limits.conntrack)},
          {"neighbours_ipv4", fill_json(limits.neighbours_ipv4)},
          {"neighbours_ipv6", fill_json(limits.neighbours_ipv6)}};
}

Json firewall_json(const Firewall& firewall) {
  Json chains = nullptr;
  if (firewall.chains) {
    chains = array(*firewall.chains, [](const FirewallChain& chain) {
      return Json{{"family", chain.family},
                  {"table", chain.table},
                  {"chain", chain.chain},
                  {"hook", chain.hook},
                  {"policy", chain.policy}};
    });
  }
  return {{"nftables_seen", nullable(firewall.nftables_seen)},
          {"chains", std::move(chains)},
          {"chains_errno", errno_or_null(firewall.chains_errno)},
          {"iptables", nullable(firewall.iptables)},
          {"ip6tables", nullable(firewall.ip6tables)}};
}

Json holder_json(const SocketHolder& holder) {
  return {{"table", holder.table},
          {"number", holder.number},
          {"uid", holder.user},
          {"drops", holder.drops},
          {"inode", holder.inode},
          {"pid", nullable(holder.process)},
          {"command", holder.process ? Json(holder.command) : Json(nullptr)}};
}

// --- Checks and target --------------------------------------------------------------------------------------

Json belief_json(const Belief& belief) {
  return {{"id", belief.id},
          {"says", belief.says},
          {"holds", nullable(belief.holds)},
          {"basis", to_string(belief.basis)},
          {"evidence", belief.evidence}};
}

Json target_way_json(const TargetWay& way) {
  return {{"way", to_string(way.way)},
          {"ip_version", ip_version(way.address.family())},
          {"address", way.address.to_string()},
          {"tried", way.tried},
          {"sent", way.sent},
          {"received", way.received},
          {"min_ns", nullable(way.min)},
          {"median_ns", nullable(way.median)},
          {"max_ns", nullable(way.max)},
          {"clock", way.clock ? Json(to_string(*way.clock)) : Json(nullptr)},
          {"failure", text_or_null(way.failure)}};
}

Json target_json(const std::optional<TargetFound>& target) {
  if (!target) return nullptr;
  return {{"name", target->name},
          {"failure", text_or_null(target->failure)},
          {"answered", target->answered()},
          {"ways", array(target->ways, target_way_json)}};
}

}  // namespace

std::string make_json(const Diagnosis& diagnosis) {
  const PingBinary& ping = diagnosis.ping;
  const Json object{{"schema", 1},
                    {"version", diagnosis.version},
                    {"works", diagnosis.works()},
                    {"summary", summary_line(diagnosis)},
                    {"target", target_json(diagnosis.target)},
                    {"ways", array(diagnosis.ways, way_json)},
                    {"host", host_json(diagnosis.host)},
                    {"process", process_json(diagnosis)},
                    {"ping",
                     {{"path", text_or_null(ping.path)},
                      {"net_raw", ping.has_capability},
                      {"effective", ping.effective},
                      {"set_user_id", ping.set_user_id}}},
                    {"routes", array(diagnosis.routes, route_json)},
                    {"interfaces", array(diagnosis.interfaces, interface_json)},
                    {"send_numbers", nullable(diagnosis.send_numbers)},
                    {"firewall", firewall_json(diagnosis.firewall)},
                    {"limits", limits_json(diagnosis.limits)},
                    {"sockets", array(diagnosis.holders, holder_json)},
                    {"beliefs", array(diagnosis.beliefs, belief_json)}};
  // Names of processes may be any bytes, and must neither break the text nor drive a terminal.
  return object.dump(-1, ' ', true, Json::error_handler_t::replace) + '\n';
}

}  // namespace sonde::doctor
