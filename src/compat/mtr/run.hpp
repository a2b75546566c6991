// run.hpp: sonde as mtr-packet 0.95, the program that mtr has its probes sent by (its variable MTR_PACKET names it).
#pragma once

namespace sonde::compat::mtr {

// Status: 0 when its input has ended and every probe has its answer; 1 when nothing can be asked, read or written.
int run(int count, char** arguments);

}  // namespace sonde::compat::mtr
