// SPDX-License-Identifier: GPL-3.0-or-later

#ifndef CANOPY_FLATEVENT_H
#define CANOPY_FLATEVENT_H

#include <string>
#include <string_view>
#include <vector>

#include "CHepMC3.h"

/// Turns the lines of one event into the lines of an event of one vertex whose outgoing particles are the final
/// state, for libhepmc3 to read.
///
/// Canopy does not use the history of an event. Without it libhepmc3 has far less to do, and none of what can
/// go wrong in it can happen: libhepmc3 indexes arrays by unchecked numbers of the file, follows cycles of
/// vertices without end, drops the particles of vertices without incoming ones and prints to standard output.
class FlatEvent {
public:
  explicit FlatEvent(canopy_hepmc_format format) : format(format) {}

  /// Starts an event with its E line. Returns false where the line is damaged.
  bool start(std::string_view line);

  /// Adds a further line. Returns false where the line is damaged.
  bool add(std::string_view line);

  /// Completes the text. Returns false where lines are missing.
  bool finish();

  /// The text for libhepmc3.
  const std::string &text() const { return output; }

  /// How many particles of the final state there are.
  size_t finalCount() const { return finalParticles; }

  /// How many weights there are.
  size_t weightCount() const { return weights; }

  /// What is wrong with the last line, as the end of a sentence.
  const std::string &problem() const { return message; }

private:
  bool fail(std::string text);
  bool split(std::string_view line);
  bool integer(size_t index, const char *name, long &value);
  bool numbers(size_t first, size_t count);
  bool startHepMC2(std::string_view line);
  bool startHepMC3();
  bool addVertex();
  bool addParticle();
  bool checkParticlesOfVertex();

  canopy_hepmc_format format;
  std::vector<std::string_view> fields;
  std::string units;
  std::string weightText;
  std::string particles;
  std::string output;
  std::string message;
  long expectedVertices = 0;
  long expectedParticles = 0;
  long vertices = 0;
  long particleCount = 0;
  // HepMC2: particles that must still follow the last vertex.
  long missingParticles = 0;
  size_t finalParticles = 0;
  size_t weights = 0;
};

#endif
