// SPDX-License-Identifier: GPL-3.0-or-later

#ifndef CANOPY_FLATEVENT_H
#define CANOPY_FLATEVENT_H

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "CHepMC3.h"

/// Turns the lines of one event into the lines of an event of one vertex whose outgoing particles are those that are
/// wanted, for libhepmc3 to read, and keeps what belongs to the event as a whole.
///
/// Canopy does not use the history of an event. Without it libhepmc3 has far less to do, and these faults of
/// it do no harm: it indexes arrays by unchecked numbers of the file, follows cycles of vertices without end,
/// drops the particles of vertices without incoming ones and prints to standard output. It does not check
/// that numbers are numbers either, which is done here.
class FlatEvent {
 public:
  /// An event of which the particles of `statuses` are wanted, with where they were produced if `readsVertices`.
  FlatEvent(canopy_hepmc_format format, std::vector<int32_t> statuses, bool readsVertices)
      : format(format), wantedStatuses(std::move(statuses)), readsVertices(readsVertices) {}

  /// Takes the names that the heading of a listing gives to weights, from its W line.
  void nameWeights(std::string_view line);

  /// Forgets the names of weights, since another listing begins.
  void forgetNames() { setNames({}); }

  /// Starts an event with its E line. Returns false if the line is damaged.
  bool start(std::string_view line);

  /// Adds a further line; lines of unknown kind are passed over. Returns false if the line is damaged.
  bool add(std::string_view line);

  /// Whether the last line that was added belongs to the event.
  bool isLastLineUsed() const { return lastLineIsUsed; }

  /// Completes the text. Returns false if lines are missing.
  bool finish();

  /// The text for libhepmc3.
  const std::string &text() const { return output; }

  /// The number that the event has in its file.
  int64_t eventNumber() const { return number; }

  /// The status of each particle.
  const std::vector<int32_t> &statuses() const { return particleStatuses; }

  /// Where each particle was produced, x, y, z and t in mm; null unless it is asked for.
  const double *vertices() const { return readsVertices ? productions.data() : nullptr; }

  /// The weights.
  const std::vector<double> &weights() const { return weightValues; }

  /// Whether each weight has a name.
  bool hasNamedWeights() const { return namesApply && !names.empty() && names.size() == weightValues.size(); }

  /// The names of the weights.
  const std::vector<std::string> &weightNames() const { return names; }

  /// A number that changes whenever the names of the weights do.
  size_t namesVersion() const { return version; }

  /// The names and values of the event's attributes of one number.
  const std::vector<std::string> &attributeNames() const { return attributes; }
  const std::vector<double> &attributeValues() const { return attributeNumbers; }

  /// The cross-section and its error in pb, or nothing.
  const std::vector<double> &crossSection() const { return crossSections; }

  /// What is wrong with the last line, as the end of a sentence.
  const std::string &problem() const { return message; }

 private:
  /// x, y, z and t, in the unit of the file.
  using Position = std::array<double, 4>;

  bool fail(std::string text);
  bool split(std::string_view line);
  bool integer(size_t index, const char *name, int64_t &value);
  bool integer32(size_t index, const char *name, int32_t &value);
  bool integers(std::string_view list);
  bool numbers(size_t first, size_t count, double *values = nullptr);
  bool position(size_t first, Position *place);
  void noteProduction(int64_t barcode, int64_t mother, bool isWanted);
  bool isPlausible(int64_t count, const char *what);
  bool startHepMC2();
  bool startHepMC3();
  bool addVertex();
  bool addParticle();
  bool addUnits();
  bool addAttribute(std::string_view line);
  bool addCrossSection(size_t first);
  void addAttribute(std::string name, double value);
  bool addNames(std::string_view line);
  void setNames(std::vector<std::string> read);
  bool checkParticlesOfVertex();

  const canopy_hepmc_format format;
  const std::vector<int32_t> wantedStatuses;
  const bool readsVertices;
  std::vector<std::string_view> fields;
  std::string units;
  std::string particles;
  std::string output;
  std::string message;
  // The N line of names in quotation marks, which may hold line breaks, and whether it goes on.
  std::string nameText;
  std::string lastNameText;
  bool isNameOpen = false;
  bool namesApply = false;
  bool lastLineIsUsed = false;
  int64_t expectedVertices = 0;
  int64_t expectedParticles = 0;
  int64_t vertexCount = 0;
  int64_t particleCount = 0;
  // HepMC2: particles that must still follow the last vertex.
  int64_t missingParticles = 0;
  int64_t number = 0;
  std::vector<int32_t> particleStatuses;
  // Where the wanted particles were produced, four numbers each.
  std::vector<double> productions;
  // HepMC3: where each vertex and each particle is, by its number; what has no place of its own is where it comes from.
  std::unordered_map<int64_t, Position> places;
  // Where what has no place at all is.
  Position origin{};
  // HepMC2: the last vertex, and how many of its particles, which come first, were not produced there.
  Position lastVertex{};
  int64_t orphansLeft = 0;
  // Millimetres in the file's unit of length.
  double length = 1;
  std::vector<double> weightValues;
  std::vector<std::string> names;
  size_t version = 0;
  std::vector<std::string> attributes;
  std::vector<double> attributeNumbers;
  std::vector<double> crossSections;
};

#endif
