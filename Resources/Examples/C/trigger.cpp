// SPDX-License-Identifier: GPL-3.0-or-later

// Decides about events in a C++ program, one at a time, and prints a line for each accepted event: its number, each
// path's bit, and the numbers behind them.
// Usage: trigger MODEL MENU [NAME=VALUE…] < EVENTS
// Events are text: px py pz E of a particle a line in GeV, #END behind each event.

#include <canopy.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

int main(int argc, char **argv) {
  if (argc < 3) {
    std::cerr << "usage: trigger MODEL MENU [NAME=VALUE…] < EVENTS\n";
    return 64;
  }
  // What the model wants to know beside the events, such as resonance_mass=500.
  std::vector<std::string> names;
  std::vector<double> values;
  for (int i = 3; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos) {
      std::cerr << argument << " is no NAME=VALUE\n";
      return 64;
    }
    names.push_back(argument.substr(0, equals));
    values.push_back(std::strtod(argument.c_str() + equals + 1, nullptr));
  }
  std::vector<const char *> name_pointers;
  for (const std::string &name : names) name_pointers.push_back(name.c_str());

  canopy_trigger_options options{};
  options.model = argv[1];
  options.menu = argv[2];
  options.condition_names = name_pointers.data();
  options.condition_values = values.data();
  options.condition_count = names.size();
  char error[4096];
  canopy_trigger *const trigger = canopy_trigger_open(&options, error, sizeof error);
  if (!trigger) {
    std::cerr << error << '\n';
    return 65;
  }

  const std::size_t path_count = canopy_trigger_path_count(trigger);
  const std::size_t value_count = canopy_trigger_value_count(trigger);
  long number = 0;
  std::vector<double> px, py, pz, energy;
  std::string line;
  while (std::getline(std::cin, line)) {
    if (line != "#END") {
      std::istringstream components(line);
      double x, y, z, e;
      if (components >> x >> y >> z >> e) {
        px.push_back(x);
        py.push_back(y);
        pz.push_back(z);
        energy.push_back(e);
      }
      continue;
    }
    canopy_trigger_decision decision;
    if (canopy_trigger_decide(trigger, px.data(), py.data(), pz.data(), energy.data(), nullptr, px.size(), &decision) !=
        0) {
      std::cerr << "event " << number << ": " << canopy_trigger_error(trigger) << '\n';
      canopy_trigger_close(trigger);
      return 65;
    }
    if (decision.accepted) {
      std::printf("%ld", number);
      for (std::size_t path = 0; path < path_count; ++path) {
        std::printf(" %s=%d", canopy_trigger_path_name(trigger, path), decision.paths[path]);
      }
      for (std::size_t value = 0; value < value_count; ++value) {
        // A number that the event does not have is not a number.
        std::printf(std::isnan(decision.values[value]) ? " %s=-" : " %s=%.17g",
                    canopy_trigger_value_name(trigger, value), decision.values[value]);
      }
      std::printf("\n");
    }
    ++number;
    px.clear();
    py.clear();
    pz.clear();
    energy.clear();
  }
  canopy_trigger_close(trigger);
  return 0;
}
