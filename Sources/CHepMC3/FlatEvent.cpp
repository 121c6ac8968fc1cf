// SPDX-License-Identifier: GPL-3.0-or-later

#include "FlatEvent.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "CTextParsing.h"

namespace {

// No record of a collision has more; the limit keeps the counts of damaged files from taking memory.
constexpr int64_t maximumCount = 1L << 24;
// Nor are there lines of more numbers, or more names.
constexpr size_t maximumFields = 1UL << 20;

bool isBlank(char c) { return c == ' ' || c == '\t'; }

// The parts of a text between separators, empty ones left out.
template <typename Separates>
std::vector<std::string> parts(std::string_view text, Separates isSeparator) {
  std::vector<std::string> found;
  for (auto start = text.begin(); start != text.end();) {
    const auto end = std::find_if(start, text.end(), isSeparator);
    if (end != start) found.emplace_back(start, end);
    if (found.size() > maximumFields) return {};
    start = end == text.end() ? end : end + 1;
  }
  return found;
}

// What HepMC3 writes as \| and \\ is a line break and a backslash.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (size_t index = 0; index < text.size(); ++index) {
    const bool isEscaped = text[index] == '\\' && index + 1 < text.size();
    if (isEscaped) ++index;
    plain += isEscaped && text[index] == '|' ? '\n' : text[index];
  }
  return plain;
}

}  // namespace

bool FlatEvent::fail(std::string text) {
  message = std::move(text);
  return false;
}

bool FlatEvent::split(std::string_view line) {
  fields.clear();
  const char *const end = line.data() + line.size();
  for (const char *next = line.data(); next < end;) {
    const char *const start = next;
    while (next < end && !isBlank(*next)) ++next;
    if (next > start) fields.emplace_back(start, next - start);
    if (fields.size() > maximumFields) return fail("has too many fields");
    while (next < end && isBlank(*next)) ++next;
  }
  return true;
}

bool FlatEvent::integer(size_t index, const char *name, int64_t &value) {
  if (index >= fields.size()) return fail(std::string("has no ") + name);
  switch (canopy_parse_integer(fields[index].data(), fields[index].size(), &value)) {
    case CANOPY_NUMBER: return true;
    case CANOPY_NUMBER_TOO_LARGE: return fail(std::string("has a ") + name + " that is too large");
    default: return fail(std::string("has a ") + name + " that is no integer");
  }
}

bool FlatEvent::integer32(size_t index, const char *name, int32_t &value) {
  int64_t parsed = 0;
  if (!integer(index, name, parsed)) return false;
  if (parsed < std::numeric_limits<int32_t>::min() || parsed > std::numeric_limits<int32_t>::max()) {
    return fail(std::string("has a ") + name + " that is too large");
  }
  value = static_cast<int32_t>(parsed);
  return true;
}

// Integers between commas.
bool FlatEvent::integers(std::string_view list) {
  while (!list.empty()) {
    const size_t length = std::min(list.find(','), list.size());
    int64_t value = 0;
    if (canopy_parse_integer(list.data(), length, &value) != CANOPY_NUMBER) {
      return fail("has a list with an entry that is no integer");
    }
    list.remove_prefix(std::min(length + 1, list.size()));
  }
  return true;
}

bool FlatEvent::numbers(size_t first, size_t count, double *values) {
  if (fields.size() < first + count) return fail("has too few fields");
  for (size_t index = first; index < first + count; ++index) {
    const std::string_view field = fields[index];
    switch (values ? canopy_parse_decimal(field.data(), field.size(), values + (index - first))
                   : canopy_check_decimal(field.data(), field.size())) {
      case CANOPY_NUMBER: break;
      case CANOPY_NUMBER_TOO_LARGE: return fail("has a field " + std::to_string(index) + " that is too large");
      default: return fail("has a field " + std::to_string(index) + " that is no number");
    }
  }
  return true;
}

// [@ x y z t]
bool FlatEvent::position(size_t first, Position *place) {
  if (fields.size() == first) return true;
  if (fields[first] != "@" || fields.size() != first + 5) return fail("has a wrong number of fields");
  return numbers(first + 1, 4, readsVertices ? place->data() : nullptr);
}

bool FlatEvent::start(std::string_view line) {
  units = "U GEV MM\n";
  particles.clear();
  // HepMC2 names weights event by event.
  namesApply = format == CANOPY_HEPMC3;
  isNameOpen = false;
  lastLineIsUsed = true;
  vertexCount = 0;
  particleCount = 0;
  missingParticles = 0;
  particleStatuses.clear();
  productions.clear();
  places.clear();
  origin = lastVertex = {};
  length = 1;
  weightValues.clear();
  attributes.clear();
  attributeNumbers.clear();
  crossSections.clear();
  if (!split(line) || !integer(1, "event number", number)) return false;
  return format == CANOPY_HEPMC2 ? startHepMC2() : startHepMC3();
}

// Whether an event may have so many of something.
bool FlatEvent::isPlausible(int64_t count, const char *what) {
  if (count >= 0 && count <= maximumCount) return true;
  return fail("claims " + std::to_string(count) + " " + what + "; at most " + std::to_string(maximumCount) +
              " are read");
}

// E number interactions scale αQCD αQED process vertex VERTICES beam beam STATES state… WEIGHTS weight…
bool FlatEvent::startHepMC2() {
  int64_t states = 0;
  int64_t count = 0;
  double members[5];
  if (!numbers(2, 5, members) || !numbers(7, 5)) return false;
  if (!integer(8, "number of vertices", expectedVertices) || !integer(11, "number of random states", states)) {
    return false;
  }
  if (!isPlausible(expectedVertices, "vertices")) return false;
  if (states < 0 || static_cast<size_t>(states) > fields.size()) return fail("has too few random states");
  const size_t first = 13 + static_cast<size_t>(states);
  if (!integer(first - 1, "number of weights", count) || !numbers(12, static_cast<size_t>(states))) return false;
  if (count < 0 || fields.size() != first + static_cast<size_t>(count)) {
    return fail("has " + std::to_string(fields.size() - first) + " weights instead of " + std::to_string(count));
  }
  weightValues.resize(static_cast<size_t>(count));
  if (!numbers(first, weightValues.size(), weightValues.data())) return false;
  const char *const memberNames[5] = {"mpi", "event_scale", "alphaQCD", "alphaQED", "signal_process_id"};
  for (size_t index = 0; index < 5; ++index) addAttribute(memberNames[index], members[index]);
  return true;
}

// E number VERTICES PARTICLES [@ x y z t]
bool FlatEvent::startHepMC3() {
  if (!integer(2, "number of vertices", expectedVertices) || !integer(3, "number of particles", expectedParticles)) {
    return false;
  }
  if (!isPlausible(expectedVertices, "vertices")) return false;
  return isPlausible(expectedParticles, "particles") && position(4, &origin);
}

bool FlatEvent::add(std::string_view line) {
  const bool isOfHepMC2 = format == CANOPY_HEPMC2;
  lastLineIsUsed = true;
  if (isNameOpen) return addNames(line);
  while (!line.empty() && isBlank(line.front())) line.remove_prefix(1);
  if (!line.empty() && (line.size() == 1 || isBlank(line[1]))) {
    switch (line.front()) {
      case 'V': return split(line) && addVertex();
      case 'P': return split(line) && addParticle();
      case 'U': return split(line) && addUnits();
      case 'W':
        if (isOfHepMC2) break;
        if (!split(line)) return false;
        weightValues.resize(fields.size() - 1);
        return numbers(1, weightValues.size(), weightValues.data());
      case 'A': return isOfHepMC2 || addAttribute(line);
      case 'N':
        if (!isOfHepMC2) break;
        nameText.clear();
        return addNames(line);
      case 'C':
        if (!isOfHepMC2) break;
        return split(line) && addCrossSection(1);
      case 'H':
      case 'F':
        if (!isOfHepMC2) break;
        return split(line) && numbers(1, fields.size() - 1);
    }
  }
  lastLineIsUsed = false;
  return true;
}

// U MOMENTUM LENGTH
bool FlatEvent::addUnits() {
  if (fields.size() != 3 || (fields[1] != "GEV" && fields[1] != "MEV")) {
    return fail("does not give GEV or MEV as unit of momentum");
  }
  if (readsVertices) length = fields[2] == "CM" ? 10 : 1;
  // libhepmc3 reads no lengths.
  units = "U " + std::string(fields[1]) + " MM\n";
  return true;
}

bool FlatEvent::addVertex() {
  ++vertexCount;
  int64_t barcode = 0;
  int64_t code = 0;
  if (!integer(1, "vertex number", barcode) || !integer(2, "vertex status", code)) return false;
  if (format == CANOPY_HEPMC3) {
    // V number status [incoming,…] [@ x y z t]
    if (fields.size() < 4 || fields[3].size() < 2 || fields[3].front() != '[' || fields[3].back() != ']') {
      return fail("has no list of incoming particles");
    }
    const std::string_view incoming = fields[3].substr(1, fields[3].size() - 2);
    if (!integers(incoming)) return false;
    if (!readsVertices) return position(4, nullptr);
    // A vertex without a place is where its first particle comes from.
    int64_t first = 0;
    canopy_parse_integer(incoming.data(), std::min(incoming.find(','), incoming.size()), &first);
    const auto known = places.find(first);
    Position place = known == places.end() ? origin : known->second;
    if (!position(4, &place)) return false;
    places[barcode] = place;
    return true;
  }
  // V barcode id x y z t orphans OUTGOING WEIGHTS weight…
  int64_t orphans = 0;
  int64_t outgoing = 0;
  int64_t count = 0;
  if (!checkParticlesOfVertex() || !numbers(3, 4, readsVertices ? lastVertex.data() : nullptr) ||
      !integer(7, "number of orphans", orphans) || !integer(8, "number of outgoing particles", outgoing) ||
      !integer(9, "number of weights", count)) {
    return false;
  }
  if (!isPlausible(orphans, "orphans") || !isPlausible(outgoing, "outgoing particles")) return false;
  missingParticles = orphans + outgoing;
  orphansLeft = orphans;
  if (count < 0 || fields.size() != 10 + static_cast<size_t>(count)) return fail("has a wrong number of fields");
  return numbers(10, static_cast<size_t>(count));
}

bool FlatEvent::addParticle() {
  ++particleCount;
  size_t code;
  size_t statusField;
  int64_t barcode = 0;
  int64_t mother = 0;
  if (!integer(1, "particle number", barcode)) return false;
  if (format == CANOPY_HEPMC2) {
    // P barcode CODE px py pz E m STATUS theta phi end FLOWS (index code)…
    if (vertexCount == 0) return fail("stands before the first vertex");
    --missingParticles;
    int64_t end = 0;
    int64_t flows = 0;
    if (!integer(11, "end vertex", end) || !integer(12, "number of flows", flows)) return false;
    if (flows < 0 || flows > maximumCount || fields.size() != 13 + 2 * static_cast<size_t>(flows)) {
      return fail("has a wrong number of fields");
    }
    for (size_t index = 13; index < fields.size(); ++index) {
      int64_t flow = 0;
      if (!integer(index, "flow", flow)) return false;
    }
    if (!numbers(9, 2)) return false;
    code = 2;
    statusField = 8;
  } else {
    // P number mother CODE px py pz E m STATUS
    if (fields.size() != 10) return fail("has " + std::to_string(fields.size() - 1) + " fields instead of 9");
    if (!integer(2, "mother", mother)) return false;
    if (barcode < 1 || barcode > expectedParticles) return fail("has a particle number out of range");
    if (mother > expectedParticles) return fail("has a mother out of range");
    code = 3;
    statusField = 9;
  }
  int32_t pdgid = 0;
  int32_t status = 0;
  if (!integer32(code, "particle code", pdgid) || !integer32(statusField, "status", status) || !numbers(code + 1, 5)) {
    return false;
  }
  const bool isWanted = std::find(wantedStatuses.begin(), wantedStatuses.end(), status) != wantedStatuses.end();
  if (readsVertices) noteProduction(barcode, mother, isWanted);
  if (!isWanted) return true;
  particleStatuses.push_back(status);
  // Particles 1 and 2 are those that `finish` adds.
  particles.append("P ").append(std::to_string(particleStatuses.size() + 2));
  if (format == CANOPY_HEPMC3) particles.append(" -1");
  for (size_t index = code; index < code + 6; ++index) particles.append(" ").append(fields[index]);
  particles.append(format == CANOPY_HEPMC2 ? " 1 0 0 0 0\n" : " 1\n");
  return true;
}

// Where a particle was produced: at the vertex that it comes from or, in HepMC3, where the particle was produced that
// it comes from, if their vertex has no line.
void FlatEvent::noteProduction(int64_t barcode, int64_t mother, bool isWanted) {
  Position place = origin;
  if (format == CANOPY_HEPMC2) {
    if (orphansLeft > 0) {
      --orphansLeft;
    } else {
      place = lastVertex;
    }
  } else {
    const auto known = places.find(mother);
    if (known != places.end()) place = known->second;
    places[barcode] = place;
  }
  if (!isWanted) return;
  for (const double coordinate : place) productions.push_back(coordinate * length);
}

// A 0 NAME VALUE for the event; attributes of vertices and particles have their number instead of 0.
bool FlatEvent::addAttribute(std::string_view line) {
  const auto nextField = [&line] {
    while (!line.empty() && isBlank(line.front())) line.remove_prefix(1);
    const std::string_view field = line.substr(0, std::find_if(line.begin(), line.end(), isBlank) - line.begin());
    line.remove_prefix(field.size());
    return field;
  };
  nextField();
  // `line` is what follows the last field.
  if (nextField() != "0") return true;
  const std::string_view name = nextField();
  if (name == "GenCrossSection") return split(line) && addCrossSection(0);
  const std::string_view value = nextField();
  double parsed = 0;
  const bool isNumber = canopy_parse_decimal(value.data(), value.size(), &parsed) == CANOPY_NUMBER;
  if (isNumber && !name.empty() && nextField().empty()) addAttribute(unescaped(name), parsed);
  return attributes.size() <= maximumFields || fail("is one attribute too many");
}

void FlatEvent::addAttribute(std::string name, double value) {
  attributes.push_back(std::move(name));
  attributeNumbers.push_back(value);
}

// The cross-section and its error in pb.
bool FlatEvent::addCrossSection(size_t first) {
  double values[2];
  if (!numbers(first, 2, values)) return false;
  crossSections.assign(values, values + 2);
  return true;
}

// W name\|name…
void FlatEvent::nameWeights(std::string_view line) {
  const std::string text = unescaped(line.substr(1));
  std::vector<std::string> read = parts(text, [](char c) { return c == '\n'; });
  for (std::string &name : read) {
    name.erase(name.begin(), std::find_if_not(name.begin(), name.end(), isBlank));
  }
  setNames(std::move(read));
}

// N COUNT "name"…; a line break in a name makes one in the file.
bool FlatEvent::addNames(std::string_view line) {
  if (!nameText.empty()) nameText += '\n';
  nameText += line;
  if (std::count(line.begin(), line.end(), '"') % 2 != 0) isNameOpen = !isNameOpen;
  if (isNameOpen) return true;
  namesApply = true;
  if (nameText == lastNameText) return true;
  lastNameText = nameText;
  std::vector<std::string> read;
  size_t open = nameText.find('"');
  while (open != std::string::npos) {
    const size_t close = nameText.find('"', open + 1);
    if (read.size() == maximumFields) return fail("has too many names of weights");
    read.push_back(nameText.substr(open + 1, close - open - 1));
    open = nameText.find('"', close + 1);
  }
  setNames(std::move(read));
  return true;
}

void FlatEvent::setNames(std::vector<std::string> read) {
  names = std::move(read);
  ++version;
}

bool FlatEvent::checkParticlesOfVertex() {
  // Some programs write too small a number, so that only missing particles are an error.
  if (missingParticles <= 0) return true;
  return fail("comes " + std::to_string(missingParticles) + " particles too early; the event is incomplete");
}

bool FlatEvent::finish() {
  const char *const advice = "; is the file complete?";
  if (isNameOpen) return fail(std::string("has a name of a weight without an end") + advice);
  if (format == CANOPY_HEPMC2 && missingParticles > 0) {
    return fail("lacks " + std::to_string(missingParticles) + " particles of its last vertex" + advice);
  }
  // HepMC3 leaves out the lines of many vertices, but no particle.
  if (format == CANOPY_HEPMC2 && vertexCount != expectedVertices) {
    return fail("has " + std::to_string(vertexCount) + " vertices instead of " + std::to_string(expectedVertices) +
                advice);
  }
  if (format == CANOPY_HEPMC3 && particleCount != expectedParticles) {
    return fail("has " + std::to_string(particleCount) + " particles instead of " + std::to_string(expectedParticles) +
                advice);
  }
  // An incoming particle and, in case no particle is wanted, an outgoing one.
  const std::string outgoing = std::to_string(particleStatuses.size() + 1);
  if (format == CANOPY_HEPMC2) {
    output = "E 0 -1 0 0 0 0 0 1 0 0 0 0\n" + units;
    output += "V -1 0 0 0 0 0 0 " + outgoing + " 0\nP 1 0 0 0 0 1 0 4 0 0 -1 0\nP 2 0 0 0 0 1 0 2 0 0 0 0\n";
  } else {
    output = "E 0 1 " + std::to_string(particleStatuses.size() + 2) + "\n" + units;
    output += "P 1 0 0 0 0 0 1 0 4\nV -1 0 [1]\nP 2 -1 0 0 0 0 1 0 2\n";
  }
  output += particles;
  // The start of a next event ends this one.
  output += "E";
  return true;
}
