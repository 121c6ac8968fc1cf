// SPDX-License-Identifier: GPL-3.0-or-later

// Prints what a model predicts for the jets of events: for each its event, its pT and the numbers of the output.
// Usage: tag MODEL OUTPUT [PLUGINS] < EVENTS, such as tag w-tagger jet/w-tagger/score
// Events are text: px py pz E of a particle a line in GeV, #END behind each event.

#include <canopy.hpp>

#include <cstdio>
#include <exception>
#include <iostream>
#include <sstream>
#include <string>

int main(int argc, char **argv) try {
  if (argc < 3 || argc > 4) {
    std::cerr << "usage: tag MODEL OUTPUT [PLUGINS] < EVENTS\n";
    return 64;
  }
  if (argc == 4) canopy::load_plugins(argv[3]);
  const canopy::Model model(argv[1], "{threads: 2}");
  canopy::Events events;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream components(line);
    double px, py, pz, energy;
    if (line == "#END") {
      events.end_event();
    } else if (components >> px >> py >> pz >> energy) {
      events.add(px, py, pz, energy);
    }
  }
  canopy::Results results;
  model.predict(events, results);
  const auto offset = results.array<std::int64_t>("jet/offset");
  const auto pt = results.array<double>("jet/pt");
  const auto output = results.array<float>(argv[2]);
  for (std::size_t event = 0; event < events.size(); ++event) {
    for (auto jet = offset[event]; jet < offset[event + 1]; ++jet) {
      std::printf("%zu %.9g", event, pt[jet]);
      for (std::size_t column = 0; column < output.width(); ++column)
        std::printf(" %.9g", output[jet * output.width() + column]);
      std::printf("\n");
    }
  }
  return 0;
} catch (const canopy::Error &error) {
  std::cerr << error.what() << '\n';
  return error.status();
} catch (const std::exception &error) {
  std::cerr << error.what() << '\n';
  return 1;
}
