// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers and JSON lines from text, independent of the locale; a C header over C++.

#ifndef CANOPY_CTEXTPARSING_H
#define CANOPY_CTEXTPARSING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What came of reading a number.
typedef enum {
  CANOPY_NUMBER,            ///< It is a number.
  CANOPY_NO_NUMBER,         ///< It is none.
  CANOPY_NUMBER_TOO_LARGE,  ///< It is beyond the range of its type.
} canopy_number_status;

/// Reads all of `text[0 ..< length]` as a decimal number, `nan` and `inf` included; what is too small for a double
/// is 0.
canopy_number_status canopy_parse_decimal(const char *text, size_t length, double *value);

/// What `canopy_parse_decimal` returns, found faster since the value is not wanted.
canopy_number_status canopy_check_decimal(const char *text, size_t length);

/// Reads all of `text[0 ..< length]` as an integer.
canopy_number_status canopy_parse_integer(const char *text, size_t length, int64_t *value);

/// Reads decimal numbers separated by blanks from `text[0 ..< length]` as `canopy_parse_decimal` does, at
/// most `capacity` of them into `values`. Returns how many there are (which may exceed `capacity`), or −1 − i
/// if number i is not a number or too large.
int64_t canopy_parse_decimals(const char *text, size_t length, double *values, size_t capacity);

/// The width of a member that is neither a number nor an array of numbers.
#define CANOPY_JSON_NO_NUMBERS SIZE_MAX

/// One event of a JSON line. The arrays belong to the parser and live until its next call.
typedef struct {
  const double *momenta;  ///< px, py, pz, E of each particle: `[particles × 4]`.
  size_t particle_count;
  bool has_pdgid;
  const int32_t *pdgid;  ///< `[pdgid_count]`
  size_t pdgid_count;
  size_t column_count;
  const char *const *column_names;
  const size_t *column_widths;     ///< How many numbers each has, or CANOPY_JSON_NO_NUMBERS.
  const uint8_t *column_is_array;  ///< Whether each is an array, not a number.
  const double *column_values;     ///< The values of all columns that have numbers, one column after the other.
  /// What whole numbers beyond 2^53 have in addition to each of these values; NULL if there are none.
  const double *column_remainders;
  /// The text of each column that has no numbers, and its length; NULL if it is no text.
  const char *const *column_texts;
  const size_t *column_text_lengths;
  bool has_jets;  ///< Whether there are given jets, which may be none.
  size_t jet_count;
  size_t jet_column_count;
} canopy_json_event;

/// What a column of given jets holds.
typedef enum {
  CANOPY_JSON_MISSING,  ///< Nothing that is known.
  CANOPY_JSON_NUMBERS,
  CANOPY_JSON_TEXTS,
  CANOPY_JSON_OTHER,  ///< Something else, or numbers and texts.
} canopy_json_kind;

/// A column of the given jets of one event. The arrays belong to the parser and live until its next call.
typedef struct {
  const char *name;
  canopy_json_kind kind;
  const double *values;      ///< Of numbers, NaN for missing ones: `[jets]`.
  const double *remainders;  ///< What whole numbers beyond 2^53 have in addition: `[jets]`.
} canopy_json_jet_column;

/// A JSON parser with its memory.
typedef struct canopy_json_parser canopy_json_parser;

/// Makes a parser that refuses events of more than `maximum_particles`, or returns NULL if memory is short.
canopy_json_parser *canopy_json_parser_create(size_t maximum_particles);

/// Frees a parser.
void canopy_json_parser_destroy(canopy_json_parser *parser);

/// How many readable bytes must follow a line that is parsed.
size_t canopy_json_padding(void);

/// Parses one line. Returns false if it is no event; the parser's message and field then say why.
bool canopy_json_parse(canopy_json_parser *parser, const char *line, size_t length, canopy_json_event *event);

/// A column of the given jets of the last line, by its place.
canopy_json_jet_column canopy_json_jets(const canopy_json_parser *parser, size_t column);

/// The text of a jet in a column of texts, and its length; empty if it is missing.
const char *canopy_json_jet_text(const canopy_json_parser *parser, size_t column, size_t jet, size_t *length);

/// What was wrong with the last line.
const char *canopy_json_message(const canopy_json_parser *parser);

/// The member that was wrong in the last line; empty if the line as a whole was.
const char *canopy_json_field(const canopy_json_parser *parser);

#ifdef __cplusplus
}
#endif

#endif
