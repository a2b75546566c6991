// sides.hpp: a tool and its face side by side: the same words in the same namespace, one after the other.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lab/network.hpp"
#include "lab/process.hpp"

namespace sonde::compat_test {

using Words = std::vector<std::string>;

// The command line of the system's own tool (or of one in the directory that the variable SONDE_ORIGINALS names), and of sonde called by its name; both found by PATH, so that argv[0] is the
// bare name. `command` carries whatever else is to be set (input, user, time limit); its arguments are replaced.
lab::Command original(std::string_view tool, const Words& words, lab::Command command = {});
lab::Command face(std::string_view tool, const Words& words, lab::Command command = {});

struct Sides {
  lab::Finished original, face;
};

Sides run_sides(const lab::Namespace& space, std::string_view tool, const Words& words,
                const lab::Command& command = {});

// The same at the same time, each in a namespace of its own: for networks that remember who asked.
Sides run_sides_together(const lab::Namespace& for_original, const lab::Namespace& for_face,
                         std::string_view tool, const Words& words, const lab::Command& command = {});

// `text` with every number that has a decimal point, and what follows "time " or "time=" up to a blank, replaced by "T":
// times differ from run to run, the line around them does not.
std::string without_times(std::string_view text);

}  // namespace sonde::compat_test
