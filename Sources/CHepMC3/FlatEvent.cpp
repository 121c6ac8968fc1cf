// SPDX-License-Identifier: GPL-3.0-or-later

#include "FlatEvent.h"

#include <charconv>
#include <utility>

namespace {

// No record of a collision has more; it keeps counts of damaged files from taking memory.
constexpr long maximumCount = 1L << 24;
// libhepmc3 reads lines into a buffer of 512 × 512 bytes.
constexpr size_t maximumLine = 512 * 512 - 64;

}  // namespace

bool FlatEvent::fail(std::string text) {
  message = std::move(text);
  return false;
}

bool FlatEvent::split(std::string_view line) {
  if (line.size() > maximumLine) return fail("is too long");
  fields.clear();
  const auto isBlank = [](char c) { return c == ' ' || c == '\t'; };
  const char *const end = line.data() + line.size();
  for (const char *next = line.data(); next < end;) {
    const char *const start = next;
    while (next < end && !isBlank(*next)) ++next;
    if (next > start) fields.emplace_back(start, next - start);
    while (next < end && isBlank(*next)) ++next;
  }
  return true;
}

bool FlatEvent::integer(size_t index, const char *name, long &value) {
  if (index >= fields.size()) return fail(std::string("has no ") + name);
  const std::string_view field = fields[index];
  int parsed = 0;
  const auto result = std::from_chars(field.data(), field.data() + field.size(), parsed);
  if (result.ec != std::errc() || result.ptr != field.data() + field.size()) {
    return fail(std::string("has a ") + name + " that is no integer");
  }
  value = parsed;
  return true;
}

bool FlatEvent::numbers(size_t first, size_t count) {
  if (fields.size() < first + count) return fail("has too few fields");
  for (size_t index = first; index < first + count; ++index) {
    // The library reads the number; here it must only look like one, since the library does not check.
    if (fields[index].find_first_not_of("0123456789+-.eEnaifNAIFty") != std::string_view::npos) {
      return fail("has a field " + std::to_string(index) + " that is no number");
    }
  }
  return true;
}

bool FlatEvent::start(std::string_view line) {
  units = "U GEV MM\n";
  weightText.clear();
  particles.clear();
  vertices = 0;
  particleCount = 0;
  missingParticles = 0;
  finalParticles = 0;
  weights = 0;
  if (!split(line)) return false;
  return format == CANOPY_HEPMC2 ? startHepMC2(line) : startHepMC3();
}

// E number interactions scale αQCD αQED process vertex VERTICES beam beam STATES state… WEIGHTS weight…
bool FlatEvent::startHepMC2(std::string_view line) {
  long states = 0;
  long count = 0;
  if (!integer(8, "number of vertices", expectedVertices) || !integer(11, "number of random states", states)) {
    return false;
  }
  if (expectedVertices < 0 || expectedVertices > maximumCount) return fail("has an absurd number of vertices");
  if (states < 0 || static_cast<size_t>(states) > line.size()) return fail("has too few random states");
  const size_t first = 13 + static_cast<size_t>(states);
  if (!integer(first - 1, "number of weights", count)) return false;
  if (count < 0 || fields.size() != first + static_cast<size_t>(count)) {
    return fail("has " + std::to_string(fields.size() - first) + " weights instead of " + std::to_string(count));
  }
  weights = static_cast<size_t>(count);
  if (!numbers(first, weights)) return false;
  for (size_t index = first; index < fields.size(); ++index) weightText.append(" ").append(fields[index]);
  return true;
}

// E number VERTICES PARTICLES [@ x y z t]
bool FlatEvent::startHepMC3() {
  if (!integer(2, "number of vertices", expectedVertices) ||
      !integer(3, "number of particles", expectedParticles)) {
    return false;
  }
  if (expectedVertices < 0 || expectedVertices > maximumCount) return fail("has an absurd number of vertices");
  if (expectedParticles < 0 || expectedParticles > maximumCount) {
    return fail("has an absurd number of particles");
  }
  return true;
}

bool FlatEvent::add(std::string_view line) {
  switch (line.front()) {
  case 'V':
    return split(line) && addVertex();
  case 'P':
    return split(line) && addParticle();
  case 'U':
    if (!split(line)) return false;
    if (fields.size() != 3 || (fields[1] != "GEV" && fields[1] != "MEV")) {
      return fail("does not give GEV or MEV as unit of momentum");
    }
    // Lengths are not used.
    units = "U " + std::string(fields[1]) + " MM\n";
    return true;
  case 'W':
    if (format != CANOPY_HEPMC3) return fail("starts with an unknown letter");
    if (!split(line) || !numbers(1, fields.size() - 1)) return false;
    weights = fields.size() - 1;
    weightText = line;
    return true;
  case 'A':
  case 'T':
  case 'N':
  case 'C':
  case 'H':
  case 'F':
    return true;
  default:
    return fail("starts with an unknown letter");
  }
}

bool FlatEvent::addVertex() {
  ++vertices;
  long barcode = 0;
  if (!integer(1, "vertex number", barcode)) return false;
  if (format == CANOPY_HEPMC3) {
    // V number status [incoming,…] [@ x y z t]
    if (fields.size() < 4 || fields[3].front() != '[' || fields[3].back() != ']') {
      return fail("has no list of incoming particles");
    }
    return true;
  }
  // V barcode id x y z t orphans OUTGOING WEIGHTS weight…
  long orphans = 0;
  long outgoing = 0;
  long count = 0;
  if (!checkParticlesOfVertex() || !integer(7, "number of orphans", orphans) ||
      !integer(8, "number of outgoing particles", outgoing) || !integer(9, "number of weights", count)) {
    return false;
  }
  missingParticles = orphans + outgoing;
  if (count < 0 || fields.size() != 10 + static_cast<size_t>(count)) return fail("has a wrong number of fields");
  return true;
}

bool FlatEvent::addParticle() {
  ++particleCount;
  size_t code;
  size_t status;
  long number = 0;
  if (format == CANOPY_HEPMC2) {
    // P barcode CODE px py pz E m STATUS theta phi end FLOWS (index code)…
    if (vertices == 0) return fail("stands before the first vertex");
    --missingParticles;
    long flows = 0;
    if (!integer(12, "number of flows", flows)) return false;
    if (flows < 0 || fields.size() != 13 + 2 * static_cast<size_t>(flows)) {
      return fail("has a wrong number of fields");
    }
    code = 2;
    status = 8;
  } else {
    // P number mother CODE px py pz E m STATUS
    long mother = 0;
    if (fields.size() != 10) return fail("has " + std::to_string(fields.size() - 1) + " fields instead of 9");
    if (!integer(1, "particle number", number) || !integer(2, "mother", mother)) return false;
    if (number < 1 || number > expectedParticles) return fail("has a particle number out of range");
    if (mother > expectedParticles) return fail("has a mother out of range");
    code = 3;
    status = 9;
  }
  long value = 0;
  if (!integer(code, "particle code", value) || !integer(status, "status", value)) return false;
  if (value != 1) return true;
  if (!numbers(code + 1, 5)) return false;
  ++finalParticles;
  // Particles 1 and 2 are those that `finish` adds.
  particles.append("P ").append(std::to_string(finalParticles + 2));
  if (format == CANOPY_HEPMC3) particles.append(" -1");
  for (size_t index = code; index < code + 6; ++index) particles.append(" ").append(fields[index]);
  particles.append(format == CANOPY_HEPMC2 ? " 1 0 0 0 0\n" : " 1\n");
  return true;
}

bool FlatEvent::checkParticlesOfVertex() {
  // Some programs count too few, so that only missing particles are an error.
  if (missingParticles <= 0) return true;
  return fail("comes " + std::to_string(missingParticles) + " particles too early; the event is incomplete");
}

bool FlatEvent::finish() {
  if (format == CANOPY_HEPMC2 && missingParticles > 0) {
    return fail("lacks " + std::to_string(missingParticles) + " particles of its last vertex");
  }
  // HepMC3 leaves out the lines of many vertices, but no particle.
  if (format == CANOPY_HEPMC2 && vertices != expectedVertices) {
    return fail("has " + std::to_string(vertices) + " vertices instead of " + std::to_string(expectedVertices));
  }
  if (format == CANOPY_HEPMC3 && particleCount != expectedParticles) {
    return fail("has " + std::to_string(particleCount) + " particles instead of " +
                std::to_string(expectedParticles));
  }
  // Something that comes in and, lest the final state be empty, something that goes out and is not final.
  const std::string outgoing = std::to_string(finalParticles + 1);
  if (format == CANOPY_HEPMC2) {
    output = "E 0 -1 0 0 0 0 0 1 0 0 0 " + std::to_string(weights) + weightText + "\n" + units;
    output += "V -1 0 0 0 0 0 0 " + outgoing + " 0\nP 1 0 0 0 0 1 0 4 0 0 -1 0\nP 2 0 0 0 0 1 0 2 0 0 0 0\n";
  } else {
    output = "E 0 1 " + std::to_string(finalParticles + 2) + "\n" + units;
    if (weights > 0) output += weightText + "\n";
    output += "P 1 0 0 0 0 0 1 0 4\nV -1 0 [1]\nP 2 -1 0 0 0 0 1 0 2\n";
  }
  output += particles;
  // The start of a next event ends this one.
  output += "E";
  return true;
}
