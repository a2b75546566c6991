// run.hpp: sonde as oping and noping 1.10.
#pragma once

namespace sonde::compat::oping {

// Status: 0; 1 when there was nobody to ask; with -Z how many hosts lost more than that, at most 255.
int run(int count, char** arguments);

// noping: the same on a terminal's screen. Status: 1 also where there is none.
int run_on_screen(int count, char** arguments);

}  // namespace sonde::compat::oping
