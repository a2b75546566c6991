// completions.hpp: completion scripts for bash, zsh and fish, made from the option table.
#pragma once

#include <string>

namespace sonde::cli {

std::string make_bash_completion();
std::string make_zsh_completion();
std::string make_fish_completion();

}  // namespace sonde::cli
