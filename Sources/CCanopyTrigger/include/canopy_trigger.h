// SPDX-License-Identifier: GPL-3.0-or-later

// Canopy's trigger for programs in C and C++: one event at a time, decided by a menu from what a model
// predicts for it.
//
// Four-momenta are (px, py, pz, E) in GeV. A trigger belongs to one thread at a time; a program with several
// threads opens one for each, and each counts its own prescales. After the first events of a size nothing is
// allocated. Nothing here throws; a function that fails says why in one sentence.

#ifndef CANOPY_TRIGGER_H
#define CANOPY_TRIGGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// An open trigger.
typedef struct canopy_trigger canopy_trigger;

// What a trigger is made from.
typedef struct {
  // The folder of the model.
  const char *model;
  // The file of the menu, in YAML.
  const char *menu;
  // The conditions that the model reads, such as a hypothesised mass, and the value of each; none if the
  // count is 0.
  const char *const *condition_names;
  const double *condition_values;
  size_t condition_count;
  // How many seconds a decision may take; 0 if there is no limit. An event that takes longer passes through.
  double time_limit;
} canopy_trigger_options;

// What was decided about an event.
typedef struct {
  // Whether a path that is more than a seed accepted the event, or it passed through.
  bool accepted;
  // Whether the event took longer than the time limit, and is accepted for that reason.
  bool passed_through;
  // 1 if a path accepted the event, seed and prescale included, else 0: [paths]. Valid until the next
  // decision.
  const uint8_t *paths;
  // 1 if the event meets the conditions of a path, else 0: [paths]. Valid until the next decision.
  const uint8_t *conditions;
  // The numbers that the conditions wrote, NaN if there is none: [values]. Valid until the next decision.
  const double *values;
} canopy_trigger_decision;

// Opens a trigger, or returns null and puts what is wrong into `error`, which has room for `error_size` bytes: a line
// for each mistake in the menu.
canopy_trigger *canopy_trigger_open(const canopy_trigger_options *options, char *error, size_t error_size);

// Closes a trigger; null is passed over.
void canopy_trigger_close(canopy_trigger *trigger);

// How many paths the menu has, and the name of each; null beyond the last. Names are valid until the trigger is closed.
size_t canopy_trigger_path_count(const canopy_trigger *trigger);
const char *canopy_trigger_path_name(const canopy_trigger *trigger, size_t path);

// How many numbers the conditions of a decision write, and the name and the unit of each; the unit of a pure
// number is "". Null beyond the last. Valid until the trigger is closed.
size_t canopy_trigger_value_count(const canopy_trigger *trigger);
const char *canopy_trigger_value_name(const canopy_trigger *trigger, size_t value);
const char *canopy_trigger_value_unit(const canopy_trigger *trigger, size_t value);

// Decides about an event of `count` particles. `pdgid` has their Particle Data Group identifiers, or is null
// if they are not known. Returns 0, or −1 if the event cannot be decided about; canopy_trigger_error says why
// then, and no prescale has counted the event.
int canopy_trigger_decide(canopy_trigger *trigger, const double *px, const double *py, const double *pz,
                          const double *energy, const int32_t *pdgid, size_t count, canopy_trigger_decision *decision);

// What went wrong in the last decision; "" if nothing did. Valid until the next decision.
const char *canopy_trigger_error(const canopy_trigger *trigger);

#ifdef __cplusplus
}
#endif

#endif
