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

}  // namespace

struct canopy_hepmc_reader {
  canopy_hepmc_reader(canopy_hepmc_format format, std::string_view text)
      : format(format), rest(text), flat(format), stream(&buffer) {
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
  canopy_hepmc_status endOfInput();

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
  std::vector<double> weights;

  // The line that was read last, and whether it has still to be looked at.
  std::string_view line;
  bool isPending = false;
  bool isInListing = false;
  size_t lineNumber = 0;
  std::string message;
  size_t badLine = 0;
};

// Moves to the next line that is not empty; false at the end.
bool canopy_hepmc_reader::nextLine() {
  if (isPending) {
    isPending = false;
    return true;
  }
  while (!rest.empty()) {
    const size_t length = rest.find('\n');
    line = rest.substr(0, length);
    rest.remove_prefix(length == std::string_view::npos ? rest.size() : length + 1);
    ++lineNumber;
    if (!line.empty()) return true;
  }
  return false;
}

canopy_hepmc_status canopy_hepmc_reader::bad(std::string text, size_t where) {
  message = std::move(text);
  badLine = where;
  return CANOPY_HEPMC_BAD_EVENT;
}

canopy_hepmc_status canopy_hepmc_reader::endOfInput() {
  if (!isInListing) return CANOPY_HEPMC_END;
  isInListing = false;
  return CANOPY_HEPMC_CUT_SHORT;
}

// Moves to the next E line, which then is the pending line.
canopy_hepmc_status canopy_hepmc_reader::findStart() {
  while (nextLine()) {
    if (startsWith(line, "HepMC::")) {
      if (endsWith(line, "START_EVENT_LISTING")) {
        // Files may be joined, but only files of one kind.
        const char *expected = format == CANOPY_HEPMC2 ? "HepMC::IO_GenEvent" : "HepMC::Asciiv3";
        if (!startsWith(line, expected)) {
          return bad("starts a listing of another kind of HepMC; give it as a file of its own", lineNumber);
        }
        isInListing = true;
      } else if (endsWith(line, "END_EVENT_LISTING")) {
        isInListing = false;
      }
    } else if (isInListing && startsWith(line, "E ")) {
      isPending = true;
      return CANOPY_HEPMC_EVENT;
    }
  }
  return endOfInput();
}

canopy_hepmc_status canopy_hepmc_reader::read(canopy_hepmc_event *event) {
  const canopy_hepmc_status status = findStart();
  if (status != CANOPY_HEPMC_EVENT) return status;
  isPending = false;
  // `findStart` finds the event after a damaged one.
  if (!flat.start(line)) return bad(flat.problem(), lineNumber);
  bool isComplete = false;
  while (nextLine()) {
    if (startsWith(line, "E ") || startsWith(line, "HepMC::")) {
      isPending = true;
      isComplete = true;
      break;
    }
    if (!flat.add(line)) return bad(flat.problem(), lineNumber);
  }
  if (!isComplete) return endOfInput();
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
  weights.clear();
  if (flat.weightCount() > 0) weights = record.weights();
  if (pdgid.size() != flat.finalCount()) return bad("has particles that libhepmc3 does not understand", 0);
  if (weights.size() != flat.weightCount()) return bad("has weights that libhepmc3 does not understand", 0);
  event->particle_count = pdgid.size();
  event->momenta = momenta.data();
  event->pdgid = pdgid.data();
  event->weight_count = weights.size();
  event->weights = weights.data();
  return CANOPY_HEPMC_EVENT;
}

canopy_hepmc_reader *canopy_hepmc_create(canopy_hepmc_format format, const char *text, size_t size) {
  try {
    return new canopy_hepmc_reader(format, std::string_view(text, size));
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
