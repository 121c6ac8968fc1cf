// SPDX-License-Identifier: GPL-3.0-or-later
// Final-state particles of HepMC2 and HepMC3 text files; a C header over libhepmc3.

#ifndef CANOPY_CHEPMC3_H
#define CANOPY_CHEPMC3_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The kind of text.
typedef enum { CANOPY_HEPMC2, CANOPY_HEPMC3 } canopy_hepmc_format;

/// What came of reading an event.
typedef enum {
  CANOPY_HEPMC_EVENT,      ///< There is an event.
  CANOPY_HEPMC_END,        ///< There are no more events.
  CANOPY_HEPMC_BAD_EVENT,  ///< The event is damaged; the next call goes on with the next event.
  CANOPY_HEPMC_CUT_SHORT,  ///< The text ends before its END_EVENT_LISTING line; there are no more events.
} canopy_hepmc_status;

/// The particles of status 1 of one event in the order of the file. The arrays belong to the reader and live
/// until its next call.
typedef struct {
  size_t particle_count;
  const double *momenta;  ///< px, py, pz, E in GeV: `[particles × 4]`.
  const int32_t *pdgid;   ///< `[particles]`
  size_t weight_count;
  const double *weights;  ///< `[weight_count]`, the nominal one first.
} canopy_hepmc_event;

/// A reader with its memory.
typedef struct canopy_hepmc_reader canopy_hepmc_reader;

/// Makes a reader of `text`, which stays the caller's and must outlive it, or returns NULL where memory is short.
canopy_hepmc_reader *canopy_hepmc_create(canopy_hepmc_format format, const char *text, size_t size);

/// Frees a reader.
void canopy_hepmc_destroy(canopy_hepmc_reader *reader);

/// Reads the next event.
canopy_hepmc_status canopy_hepmc_read(canopy_hepmc_reader *reader, canopy_hepmc_event *event);

/// What is wrong with the last event, as the end of a sentence.
const char *canopy_hepmc_message(const canopy_hepmc_reader *reader);

/// The line, counted from 1, of what is wrong with the last event; 0 where it is the event as a whole.
size_t canopy_hepmc_line(const canopy_hepmc_reader *reader);

#ifdef __cplusplus
}
#endif

#endif
