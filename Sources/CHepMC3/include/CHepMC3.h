// SPDX-License-Identifier: GPL-3.0-or-later
// Particles, weights and attributes of the events of HepMC2 and HepMC3 text files; a C header over libhepmc3.

#ifndef CANOPY_CHEPMC3_H
#define CANOPY_CHEPMC3_H

#include <stdbool.h>
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
} canopy_hepmc_status;

/// One event. The particles are those of the wanted statuses in the order of the file. The arrays belong to the
/// reader and live until its next call.
typedef struct {
  int64_t number;  ///< The number that the file gives the event.
  size_t particle_count;
  const double *momenta;   ///< px, py, pz, E in GeV: `[particles × 4]`.
  const int32_t *pdgid;    ///< `[particles]`
  const int32_t *status;   ///< `[particles]`
  const double *vertices;  ///< Where each was produced, x, y, z and t in mm: `[particles × 4]`; NULL unless asked for.
  size_t weight_count;
  const double *weights;  ///< `[weight_count]`, the nominal one first.
  bool has_weight_names;
  const char *const *weight_names;  ///< `[weight_count]` if there are names.
  size_t weight_names_version;      ///< Another number than before if the names are others.
  const double *cross_section;      ///< The cross-section and its error in pb, or NULL.
  size_t attribute_count;
  const char *const *attribute_names;  ///< Of the attributes of one number: `[attribute_count]`.
  const double *attribute_values;      ///< `[attribute_count]`
} canopy_hepmc_event;

/// A reader with its memory.
typedef struct canopy_hepmc_reader canopy_hepmc_reader;

/// Makes a reader of `text`, which stays the caller's and must outlive it, or returns NULL if memory is short.
///
/// An event ends where another or a heading begins, or at the end of the text, and is complete if it has what its E
/// line announces. Particles of the statuses `statuses[0 ..< status_count]` are read, with where they were produced if
/// `reads_vertices`.
canopy_hepmc_reader *canopy_hepmc_create(canopy_hepmc_format format, const char *text, size_t size,
                                         const int32_t *statuses, size_t status_count, bool reads_vertices);

/// Frees a reader.
void canopy_hepmc_destroy(canopy_hepmc_reader *reader);

/// Reads the next event.
canopy_hepmc_status canopy_hepmc_read(canopy_hepmc_reader *reader, canopy_hepmc_event *event);

/// What is wrong with the last event, as the end of a sentence.
const char *canopy_hepmc_message(const canopy_hepmc_reader *reader);

/// The line, counted from 1, of what is wrong with the last event; 0 if it is the event as a whole.
size_t canopy_hepmc_line(const canopy_hepmc_reader *reader);

#ifdef __cplusplus
}
#endif

#endif
