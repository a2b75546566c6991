// fping.hpp: sonde called as fping or fping6.
#pragma once

namespace sonde::compat::fping {

// A face (compat/face.hpp).
int main(int count, char** arguments);

}  // namespace sonde::compat::fping
