// SPDX-License-Identifier: GPL-3.0-or-later

// Canopy for programs in C and C++: jets from particles, what a model predicts for them, and decisions of a trigger.
//
// Flat arrays and offsets go in and come out. Four-momenta are in GeV. Settings are text in YAML, or in JSON, which is
// YAML, with the keys of the tables in the documentation. Nothing here throws, prints or ends the program.
//
// Finders and models may be used by any number of threads at once; results and triggers belong to one thread at a time.
//
//   canopy_finder *finder = canopy_finder_open("{algorithm: antikt, radius: 0.4, min-pt: 20}");
//   canopy_results *results = canopy_results_create();
//   canopy_events events = canopy_no_events();
//   ...
//   canopy_array pt = canopy_no_array();
//   if (canopy_find_jets(finder, &events, results) != CANOPY_OK || !canopy_results_find(results, "jet/pt", &pt))
//     fprintf(stderr, "%s\n", canopy_error_message());

#ifndef CANOPY_H
#define CANOPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

// The version of Canopy, such as "1.2.0".
const char *canopy_version(void);

// MARK: Errors

// What a function comes to; the numbers are the exit statuses of the command.
typedef enum canopy_status {
  CANOPY_OK = 0,
  // The work failed, though all that was asked for can be.
  CANOPY_WORK_FAILED = 1,
  // The call asks for what cannot be: a null pointer, an unknown setting, offsets that do not fit.
  CANOPY_BAD_CALL = 64,
  // The input is wrong: events, a model or a plugin.
  CANOPY_BAD_INPUT = 65
} canopy_status;

// What was wrong with the last call of this thread that failed, in one sentence; "" before any has. Valid until the
// next call of this thread that fails, as are the following.
const char *canopy_error_message(void);

// The status of that call.
canopy_status canopy_error_status(void);

// The event that is to blame, by its place in the call, and the field of it; -1 and "" if it is none.
int64_t canopy_error_event(void);
const char *canopy_error_field(void);

// MARK: Plugins

// Makes the plugins of a library known to what is opened from now on: the library, the folder of its package, or a path
// of several with colons between them.
canopy_status canopy_load_plugins(const char *path);

// MARK: Events

// Numbers of each event or of each particle, by name.
typedef struct canopy_column {
  const char *name;
  // Row-major [rows x width].
  const double *values;
  size_t width;
} canopy_column;

// What the four numbers of a momentum are; an energy or a mass is in GeV.
typedef enum canopy_momenta {
  CANOPY_PX_PY_PZ_E = 0,
  CANOPY_PX_PY_PZ_MASS = 1,
  CANOPY_PT_ETA_PHI_E = 2,
  CANOPY_PT_ETA_PHI_MASS = 3,
  // With the rapidity rather than the pseudorapidity.
  CANOPY_PT_RAPIDITY_PHI_MASS = 4
} canopy_momenta;

// Events as flat arrays, which the call copies; what is null or 0 is left out. Begin with canopy_no_events().
typedef struct canopy_events {
  // sizeof(canopy_events), by which later versions know what is there.
  size_t size;
  size_t event_count;
  // Event i owns the particles offsets[i] ..< offsets[i + 1]: [events + 1], not falling. The first need not be 0. Null
  // for one event of all particles.
  const int64_t *offsets;
  size_t particle_count;
  canopy_momenta momenta;
  // The four numbers of each momentum: [particles] each.
  const double *components[4];
  // Particle Data Group identifiers: [particles].
  const int32_t *pdgid;
  const canopy_column *particle_columns;
  size_t particle_column_count;
  const canopy_column *event_columns;
  size_t event_column_count;
} canopy_events;

// No events, to be filled in.
static inline canopy_events canopy_no_events(void) {
  canopy_events events;
  memset(&events, 0, sizeof events);
  events.size = sizeof events;
  return events;
}

// MARK: Results

// Arrays by name, in memory that is kept from call to call.
typedef struct canopy_results canopy_results;

// The types of numbers.
typedef enum canopy_type { CANOPY_FLOAT32 = 0, CANOPY_FLOAT64 = 1, CANOPY_INT32 = 2, CANOPY_INT64 = 3 } canopy_type;

// An array of results. Begin with canopy_no_array().
typedef struct canopy_array {
  // sizeof(canopy_array).
  size_t size;
  // Such as "jet/pt".
  const char *name;
  // Such as "GeV"; "" for a pure number.
  const char *unit;
  canopy_type type;
  // 1 or 2.
  size_t rank;
  size_t shape[2];
  // Row-major. Valid until the next call that fills the results.
  const void *data;
} canopy_array;

// No array, to be filled in by the library.
static inline canopy_array canopy_no_array(void) {
  canopy_array array;
  memset(&array, 0, sizeof array);
  array.size = sizeof array;
  return array;
}

canopy_results *canopy_results_create(void);
void canopy_results_destroy(canopy_results *results);

// How many arrays there are; none if the call that should have filled them failed.
size_t canopy_results_count(const canopy_results *results);

// An array by its place or by its name; false if there is none.
bool canopy_results_array(const canopy_results *results, size_t place, canopy_array *array);
bool canopy_results_find(const canopy_results *results, const char *name, canopy_array *array);

// MARK: Jets

// Finds jets as settings say.
typedef struct canopy_finder canopy_finder;

// Opens a finder; null if the settings cannot be, and canopy_error_message() says why. The keys are those of the
// section `jets` of a training (algorithm, radius, power, recombination, min-pt, exclusive-jets, exclusive-dcut,
// max-abs-rapidity, leading, recluster) and
//   constituents: true        with the constituents of each jet
//   trees: true               with the tree of each jet
//   observables: {soft-drop: {}}   numbers of observables, as the section of a training
//   cuts: […]                 conditions that jets meet
//   threads: 1                how many threads a call may use
canopy_finder *canopy_finder_open(const char *settings);
void canopy_finder_close(canopy_finder *finder);

// Finds the jets of events. The arrays are
//   jet/offset i64 [events + 1]               event i owns the jets offset[i] ..< offset[i + 1], by falling pT
//   jet/pt, jet/rapidity, jet/phi, jet/mass   f64 [jets], φ in [0, 2π)
//   jet/constituent_offset i64 [jets + 1], jet/constituent i32 [constituents]
//                                             particles counted from the first of the event
//   tree/offset i64 [jets + 1]                jet j owns the nodes offset[j] ..< offset[j + 1]: its constituents in
//   their order,
//                                             then the splittings in the order in which clustering made them, the root
//                                             last
//   tree/left, tree/right i32 [nodes]         the children, counted within the jet, left having the larger pT; -1 for
//   leaves tree/leaf i32 [nodes]                     the particle, counted from the first of the event; -1 for
//   splittings tree/pt, tree/rapidity, tree/phi, tree/mass, tree/kt, tree/delta_r, tree/z f64 [nodes]
//                                             the last three are those of a splitting (arXiv:1807.04758), NaN for
//                                             leaves
//   ROWS/OBSERVABLE/QUANTITY f64 [rows]       ROWS being event, jet, constituent or splitting
canopy_status canopy_find_jets(canopy_finder *finder, const canopy_events *events, canopy_results *results);

// MARK: Models

// A model: how jets are found, the network and its weights.
typedef struct canopy_model canopy_model;

// Opens the model of a folder; null if it cannot be read. Settings may be null; their keys are
//   heads: true               what the heads predict
//   embeddings: false         the embeddings of jets and events
//   constituents, trees, observables, threads   as for a finder
//   conditions: {NAME: value} the conditions that the model reads, for all events; else they are event columns
canopy_model *canopy_model_open(const char *folder, const char *settings);
void canopy_model_close(canopy_model *model);

// What the model is, as the text of its model.json. Valid until the model is closed.
const char *canopy_model_description(const canopy_model *model);

// Predicts for events. The arrays are those of canopy_find_jets and
//   ROWS/HEAD/OUTPUT f32 [rows] or [rows x width]
//   jet/embedding f32 [jets x width], event/embedding f32 [events x width]
// One event at a time needs no memory after the first events of a size, if the heads need none.
canopy_status canopy_predict(canopy_model *model, const canopy_events *events, canopy_results *results);

// MARK: Triggers

// One event at a time is decided by a menu from what a model predicts for it. A trigger belongs to one thread at a
// time; a program with several threads opens one for each, and each counts its own prescales. After the first events of
// a size nothing is allocated.

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
