// SPDX-License-Identifier: GPL-3.0-or-later

// Canopy for programs in C and C++: files of events, jets from particles, what a model predicts for them and what it is
// worth, trainings, and decisions of a trigger.
//
// Flat arrays and offsets go in and come out. Four-momenta are in GeV. Settings are text in YAML, or in JSON, which is
// YAML, with the keys of the tables in the documentation. Nothing here throws, prints or ends the program.
//
// Finders and models may be used by any number of threads at once; results, readers, writers and triggers belong to one
// thread at a time.
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

// The file, or the name of the input, that is to blame; "" if it is none. The event is counted in it then.
const char *canopy_error_file(void);

// MARK: Plugins

// Makes the plugins of a library known to what is opened from now on: the library, the folder of its package, or a path
// of several with colons between them.
canopy_status canopy_load_plugins(const char *path);

// MARK: Events

// The types of numbers, and text: each element of an array of text is a `const char *` in UTF-8, "" where there is
// none.
typedef enum canopy_type {
  CANOPY_FLOAT32 = 0,
  CANOPY_FLOAT64 = 1,
  CANOPY_INT32 = 2,
  CANOPY_INT64 = 3,
  CANOPY_UINT64 = 4,
  // A byte, 0 or 1.
  CANOPY_BOOL = 5,
  CANOPY_TEXT = 6
} canopy_type;

// Numbers of each event, of each particle or of each given jet, by name; what is null or 0 is left out.
typedef struct canopy_column {
  const char *name;
  // Row-major [rows x width].
  const double *values;
  size_t width;
  // If `values` is null: numbers of another type, row-major [rows x width], or texts, [rows].
  const void *data;
  canopy_type type;
  // Such as "GeV", for files.
  const char *unit;
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
  // Jets that the events have of themselves, such as those of a generator, which are truth and not what is clustered:
  // event i owns the jets jet_offsets[i] ..< jet_offsets[i + 1]: [events + 1], as offsets. Null if there are none.
  const int64_t *jet_offsets;
  size_t jet_count;
  const canopy_column *jet_columns;
  size_t jet_column_count;
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

// MARK: Files

// Where events come from: a file, or memory.
typedef struct canopy_input {
  // The name of a file, or a pattern such as "tt-*.h5"; of events in memory, what errors call them.
  const char *name;
  // Events in memory, which the call copies; null for files.
  const canopy_events *events;
} canopy_input;

// Reads events from files, one after the other.
typedef struct canopy_reader canopy_reader;

// Opens inputs; null if one is not there, or the settings cannot be. Formats are told from the content, compressed or
// not, those of loaded plugins among them. Settings may be null; their keys are those of reading in the section `data`
// of a training (skip-events, max-events, skip-bad-events, define, where, particles, keep-invisible, invisible, status,
// units, format, max-memory), and
//   jets: {…}                 how the jets are found that formulas read, as the section of a training
//   observables, cuts         as for a finder, of these jets
//   apply: puppi              as for a finder; formulas read what is left of particles
canopy_reader *canopy_reader_open(const canopy_input *inputs, size_t input_count, const char *settings);
void canopy_reader_close(canopy_reader *reader);

// Reads the next events, at most `count`, of one file; at the end there are none, and `offset` has one number. The
// arrays are
//   offset i64 [events + 1]                   event i owns the particles offset[i] ..< offset[i + 1]
//   momentum/px, momentum/py, momentum/pz, momentum/E   f64 [particles]
//   pdgid i32 [particles]                     if the file has identifiers
//   particle/NAME, event/NAME                 columns as the file stores them: [rows] or [rows x width], also text
//   event/number i64 [events]                 the number through all inputs, unless that is a column of the file
//   jet_offset i64 [events + 1], jet/NAME     jets that the file has
//   remark text                               at the end: what was left out, such as bad events, a sentence each
canopy_status canopy_read(canopy_reader *reader, size_t count, canopy_results *results);

// Writes events to a file, which appears under its name when it is whole.
typedef struct canopy_writer canopy_writer;

// Opens a writer; null if there is no such format. The format is that of the name's ending (.h5, .hdf5, .jsonl, and
// those of loaded plugins), or the one that `format` names, which may be null. Whether the file can be written is seen
// when it is.
canopy_writer *canopy_writer_open(const char *path, const char *format);

// Closes a writer. What was not finished leaves no file; null is passed over.
void canopy_writer_close(canopy_writer *writer);

// Writes events after those before, with all columns and given jets. Whole numbers and truth values are stored as their
// type says. The columns of the first call are those of the file, though later ones may have more.
canopy_status canopy_write(canopy_writer *writer, const canopy_events *events);

// Completes the file; nothing can be written after it.
canopy_status canopy_writer_finish(canopy_writer *writer);

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
//   apply: puppi              multiplies the momenta of particles by their weights before jets are found: an observable
//                             that gives constituents the number `weight`, also one of `observables`, or the name or
//                             the folder of a model that does
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
//   apply: puppi              the same; what the model was trained with unless given, and `none` for nothing
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

// MARK: Trainings and evaluations

// Who looks on while a long call works, on the thread of the call. Begin with canopy_no_watch().
typedef struct canopy_watch {
  // sizeof(canopy_watch).
  size_t size;
  // Takes text for people, such as lines of progress; null for none.
  void (*write)(const char *text, void *context);
  // Whether `write` goes to a terminal, on which lines are drawn over, and of how many columns.
  bool is_terminal;
  size_t columns;
  // Is asked after each batch of events, or step of a training, whether to go on; null for always. If not, the call
  // fails.
  bool (*goes_on)(void *context);
  // What the two are called with.
  void *context;
} canopy_watch;

// Nobody, to be filled in.
static inline canopy_watch canopy_no_watch(void) {
  canopy_watch watch;
  memset(&watch, 0, sizeof watch);
  watch.size = sizeof watch;
  return watch;
}

// What `canopy train` is told. Begin with canopy_no_training(); what is null or 0 is left out.
typedef struct canopy_training {
  // sizeof(canopy_training).
  size_t size;
  // The configuration: a file, or its text, in YAML.
  const char *file;
  const char *text;
  // Values over those of the configuration, such as "training.epochs=5".
  const char *const *settings;
  size_t setting_count;
  // Events in memory, which the configuration calls by their names in place of files.
  const canopy_input *inputs;
  size_t input_count;
  // The folder of the new model.
  const char *folder;
  // Whether to go on with the training that the folder has.
  bool resume;
} canopy_training;

// No training, to be filled in.
static inline canopy_training canopy_no_training(void) {
  canopy_training training;
  memset(&training, 0, sizeof training);
  training.size = sizeof training;
  return training;
}

// Trains a network, and writes model, learning curve and checkpoint after every epoch; what was stopped can go on.
// `watch` may be null. The same configuration, events and number of threads give the same bits as the command.
canopy_status canopy_train(const canopy_training *training, const canopy_watch *watch);

// Measures how good a model is on events with truth, which the columns of the events and of their given jets are.
// Settings may be null; their keys are those of a reader without jets, observables and cuts, and
//   weight: weight            what each event counts, and
//   negative-weights          what becomes of negative ones, as in the section `data` of a training
//   conditions: {NAME: value}, apply   as for a model
//   signal-yield, background-yield   the numbers of events expected before any cut
//   in: {NAME: [edges]}       numbers by whose intervals heads are judged too; [] for automatic ones
//   importance: 0             how often each number that the network reads is shuffled
//   robustness: false         judge events that are changed in ways that should not matter, too
//   threads: 1                how many threads work
// `watch` may be null. The arrays are
//   evaluation text [1]       all numbers, as `canopy evaluate --format json` prints them
//   remark text               what casts doubt on them, a sentence each
//   outputs/HEAD/OUTPUT f32 [rows] or [rows x width]
//   truth/HEAD/COLUMN f32 [rows], weight/HEAD f64 [rows]
//   class/HEAD i32 [rows]     the number of the true class, of heads that classify
//   roc/CLASSIFIER/QUANTITY f64 [points]      threshold, signal_efficiency, signal_efficiency_error,
//                                             background_efficiency, and background_rejection and
//                                             background_rejection_error, NaN if no background passes
canopy_status canopy_evaluate(canopy_model *model, const canopy_input *inputs, size_t input_count, const char *settings,
                              const canopy_watch *watch, canopy_results *results);

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

// The same for the one event of `event`, whose momenta may be given in any way, and whose columns of particles are
// there for what the menu or the model applies to them.
int canopy_trigger_decide_event(canopy_trigger *trigger, const canopy_events *event, canopy_trigger_decision *decision);

// What went wrong in the last decision; "" if nothing did. Valid until the next decision.
const char *canopy_trigger_error(const canopy_trigger *trigger);

#ifdef __cplusplus
}
#endif

#endif
