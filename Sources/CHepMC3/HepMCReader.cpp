// SPDX-License-Identifier: GPL-3.0-or-later

#include <clocale>
#include <exception>
#include <istream>
#include <memory>
#include <mutex>
#include <new>
#include <streambuf>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if defined(__APPLE__)
#include <xlocale.h>
#endif

#include <HepMC3/GenEvent.h>
#include <HepMC3/GenParticle.h>
#include <HepMC3/ReaderAscii.h>
#include <HepMC3/ReaderAsciiHepMC2.h>
#include <HepMC3/Setup.h>

#include "CHepMC3.h"
#include "FlatEvent.h"

namespace {

// Characters of a string that stays where it is.
class TextBuffer : public std::streambuf {
 public:
  void show(const std::string &text) {
    char *start = const_cast<char *>(text.data());
    setg(start, start, start + text.size());
  }
};

// libhepmc3 reads numbers by atof, which follows the locale of the thread.
class PlainNumbers {
 public:
  PlainNumbers() : previous(uselocale(plain())) {}
  ~PlainNumbers() { uselocale(previous); }
  PlainNumbers(const PlainNumbers &) = delete;
  PlainNumbers &operator=(const PlainNumbers &) = delete;

 private:
  static locale_t plain() {
    static const locale_t locale = newlocale(LC_ALL_MASK, "C", nullptr);
    return locale;
  }
  locale_t previous;
};

void silenceHepMC3() {
  static std::once_flag once;
  std::call_once(once, [] {
    HepMC3::Setup::set_print_errors(false);
    HepMC3::Setup::set_print_warnings(false);
  });
}

bool startsWith(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

bool endsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

std::string_view withoutIndent(std::string_view line) {
  const size_t start = line.find_first_not_of(" \t");
  return start == std::string_view::npos ? std::string_view() : line.substr(start);
}

// Whether a line of a listing is of the kind of a letter.
bool isOfKind(std::string_view line, char letter) {
  return line.size() > 1 && line[0] == letter && (line[1] == ' ' || line[1] == '\t');
}

}  // namespace

struct canopy_hepmc_reader {
  canopy_hepmc_reader(canopy_hepmc_format format, std::string_view text, std::vector<int32_t> statuses,
                      bool readsVertices)
      : format(format), rest(text), flat(format, std::move(statuses), readsVertices), stream(&buffer) {
    silenceHepMC3();
    if (format == CANOPY_HEPMC2) {
      reader = std::make_unique<HepMC3::ReaderAsciiHepMC2>(stream);
    } else {
      reader = std::make_unique<HepMC3::ReaderAscii>(stream);
    }
  }

  canopy_hepmc_status read(canopy_hepmc_event *event);
  canopy_hepmc_status readFlat(canopy_hepmc_event *event);
  canopy_hepmc_status findStart();
  bool nextLine();
  canopy_hepmc_status bad(std::string text, size_t line);

  const canopy_hepmc_format format;
  // What is still to be read.
  std::string_view rest;
  FlatEvent flat;
  TextBuffer buffer;
  std::istream stream;
  std::unique_ptr<HepMC3::Reader> reader;
  HepMC3::GenEvent record;
  std::vector<double> momenta;
  std::vector<int32_t> pdgid;
  std::vector<const char *> weightNames;
  size_t weightNamesVersion = 0;
  std::vector<const char *> attributeNames;

  // The line that was read last, whether it has its line break, and whether it has still to be looked at.
  std::string_view line;
  bool hasLineBreak = true;
  bool isPending = false;
  // Whether it is before the first event of a listing.
  bool isInHeading = true;
  size_t lineNumber = 0;
  std::string message;
  size_t badLine = 0;
};

// Moves to the next line; false at the end.
bool canopy_hepmc_reader::nextLine() {
  if (isPending) {
    isPending = false;
    return true;
  }
  if (rest.empty()) return false;
  const size_t length = rest.find('\n');
  hasLineBreak = length != std::string_view::npos;
  line = rest.substr(0, length);
  rest.remove_prefix(hasLineBreak ? length + 1 : rest.size());
  ++lineNumber;
  return true;
}

canopy_hepmc_status canopy_hepmc_reader::bad(std::string text, size_t where) {
  message = std::move(text);
  badLine = where;
  return CANOPY_HEPMC_BAD_EVENT;
}

// Moves to the next E line, which then is the pending line.
canopy_hepmc_status canopy_hepmc_reader::findStart() {
  while (nextLine()) {
    const std::string_view text = withoutIndent(line);
    if (startsWith(text, "HepMC::")) {
      isInHeading = true;
      if (!endsWith(text, "START_EVENT_LISTING")) continue;
      // Files may be joined, but only files of one kind.
      const char *expected = format == CANOPY_HEPMC2 ? "HepMC::IO_GenEvent" : "HepMC::Asciiv3";
      if (!startsWith(text, expected)) {
        return bad("starts a listing of another kind of HepMC; give it as a file of its own", lineNumber);
      }
      flat.forgetNames();
    } else if (isInHeading && isOfKind(text, 'W') && format == CANOPY_HEPMC3) {
      flat.nameWeights(text);
    } else if (isOfKind(text, 'E')) {
      isPending = true;
      return CANOPY_HEPMC_EVENT;
    }
  }
  return CANOPY_HEPMC_END;
}

canopy_hepmc_status canopy_hepmc_reader::read(canopy_hepmc_event *event) {
  const canopy_hepmc_status status = findStart();
  if (status != CANOPY_HEPMC_EVENT) return status;
  isPending = false;
  isInHeading = false;
  bool isWhole = hasLineBreak;
  // `findStart` finds the event after a damaged one.
  if (!flat.start(withoutIndent(line))) return bad(flat.problem(), lineNumber);
  while (nextLine()) {
    const std::string_view text = withoutIndent(line);
    if (isOfKind(text, 'E') || startsWith(text, "HepMC::")) {
      isPending = true;
      break;
    }
    if (!flat.add(line)) return bad(flat.problem(), lineNumber);
    isWhole = hasLineBreak || !flat.isLastLineUsed();
  }
  // A number at the end may have lost digits.
  if (!isWhole) return bad("is cut short in its last line; is the file complete?", lineNumber);
  if (!flat.finish()) return bad(flat.problem(), 0);
  return readFlat(event);
}

canopy_hepmc_status canopy_hepmc_reader::readFlat(canopy_hepmc_event *event) {
  const PlainNumbers plain;
  buffer.show(flat.text());
  stream.clear();
  if (!reader->read_event(record) || stream.fail()) return bad("is not understood by libhepmc3", 0);
  record.set_units(HepMC3::Units::GEV, HepMC3::Units::MM);
  momenta.clear();
  pdgid.clear();
  for (const auto &particle : record.particles()) {
    if (particle->status() != 1) continue;
    const HepMC3::FourVector &momentum = particle->momentum();
    momenta.insert(momenta.end(), {momentum.px(), momentum.py(), momentum.pz(), momentum.e()});
    pdgid.push_back(particle->pid());
  }
  if (pdgid.size() != flat.statuses().size()) return bad("has particles that libhepmc3 does not understand", 0);
  event->number = flat.eventNumber();
  event->particle_count = pdgid.size();
  event->momenta = momenta.data();
  event->pdgid = pdgid.data();
  event->status = flat.statuses().data();
  event->vertices = flat.vertices();
  event->weight_count = flat.weights().size();
  event->weights = flat.weights().data();
  if (weightNamesVersion != flat.namesVersion()) {
    weightNamesVersion = flat.namesVersion();
    weightNames.clear();
    for (const std::string &name : flat.weightNames()) weightNames.push_back(name.c_str());
  }
  event->has_weight_names = flat.hasNamedWeights();
  event->weight_names = weightNames.data();
  event->weight_names_version = weightNamesVersion;
  event->cross_section = flat.crossSection().empty() ? nullptr : flat.crossSection().data();
  attributeNames.clear();
  for (const std::string &name : flat.attributeNames()) attributeNames.push_back(name.c_str());
  event->attribute_count = attributeNames.size();
  event->attribute_names = attributeNames.data();
  event->attribute_values = flat.attributeValues().data();
  return CANOPY_HEPMC_EVENT;
}

canopy_hepmc_reader *canopy_hepmc_create(canopy_hepmc_format format, const char *text, size_t size,
                                         const int32_t *statuses, size_t status_count, bool reads_vertices) {
  try {
    return new canopy_hepmc_reader(format, std::string_view(text, size),
                                   std::vector<int32_t>(statuses, statuses + status_count), reads_vertices);
  } catch (const std::exception &) {
    return nullptr;
  }
}

void canopy_hepmc_destroy(canopy_hepmc_reader *reader) { delete reader; }

canopy_hepmc_status canopy_hepmc_read(canopy_hepmc_reader *reader, canopy_hepmc_event *event) {
  try {
    return reader->read(event);
  } catch (const std::exception &error) {
    return reader->bad(std::string("is refused by libhepmc3: ") + error.what(), 0);
  }
}

const char *canopy_hepmc_message(const canopy_hepmc_reader *reader) { return reader->message.c_str(); }

size_t canopy_hepmc_line(const canopy_hepmc_reader *reader) { return reader->badLine; }
