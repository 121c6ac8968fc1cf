// SPDX-License-Identifier: GPL-3.0-or-later

#include <algorithm>
#include <charconv>
#include <system_error>

#include "CTextParsing.h"

namespace {

bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

// from_chars knows no plus sign.
const char *afterPlus(const char *text, const char *end) {
  return end - text > 1 && *text == '+' && text[1] != '-' && text[1] != '+' ? text + 1 : text;
}

// Whether a number beyond the range of double is too small for it, not too large.
bool isTiny(const char *text, const char *end) {
  const char *const exponentSign = std::find_if(text, end, [](char c) { return c == 'e' || c == 'E'; });
  const char *const point = std::find(text, exponentSign, '.');
  const char *const first = std::find_if(text, exponentSign, [](char c) { return c >= '1' && c <= '9'; });
  const long magnitude = point - first;
  long exponent = 0;
  if (exponentSign < end) {
    const char *const start = afterPlus(exponentSign + 1, end);
    if (std::from_chars(start, end, exponent).ec != std::errc()) return *start == '-';
  }
  return magnitude + exponent < 0;
}

// Whether this is a number of common length and of an exponent of at most two digits, which is in range.
bool isCommon(const char *text, const char *end) {
  const auto skipDigits = [&text, end] {
    const char *const start = text;
    while (text < end && *text >= '0' && *text <= '9') ++text;
    return text - start;
  };
  if (end - text > 64) return false;
  if (text < end && (*text == '-' || *text == '+')) ++text;
  auto digits = skipDigits();
  if (text < end && *text == '.') {
    ++text;
    digits += skipDigits();
  }
  if (digits == 0) return false;
  if (text == end) return true;
  if (*text != 'e' && *text != 'E') return false;
  ++text;
  if (text < end && (*text == '-' || *text == '+')) ++text;
  const auto exponentDigits = skipDigits();
  return text == end && exponentDigits > 0 && exponentDigits < 3;
}

canopy_number_status parse(const char *text, const char *end, double &value) {
  text = afterPlus(text, end);
  const auto result = std::from_chars(text, end, value);
  if (result.ptr != end || result.ec == std::errc::invalid_argument) return CANOPY_NO_NUMBER;
  if (result.ec == std::errc()) return CANOPY_NUMBER;
  if (!isTiny(text, end)) return CANOPY_NUMBER_TOO_LARGE;
  value = 0;
  return CANOPY_NUMBER;
}

}  // namespace

canopy_number_status canopy_parse_decimal(const char *text, size_t length, double *value) {
  return parse(text, text + length, *value);
}

canopy_number_status canopy_check_decimal(const char *text, size_t length) {
  double value = 0;
  return isCommon(text, text + length) ? CANOPY_NUMBER : parse(text, text + length, value);
}

canopy_number_status canopy_parse_integer(const char *text, size_t length, int64_t *value) {
  const char *const end = text + length;
  const auto result = std::from_chars(afterPlus(text, end), end, *value);
  if (result.ptr != end || result.ec == std::errc::invalid_argument) return CANOPY_NO_NUMBER;
  return result.ec == std::errc() ? CANOPY_NUMBER : CANOPY_NUMBER_TOO_LARGE;
}

int64_t canopy_parse_decimals(const char *text, size_t length, double *values, size_t capacity) {
  const char *const end = text + length;
  int64_t count = 0;
  while (true) {
    text = std::find_if_not(text, end, isBlank);
    if (text == end) return count;
    double value = 0;
    auto [next, error] = std::from_chars(afterPlus(text, end), end, value);
    if (error != std::errc() || (next < end && !isBlank(*next))) {
      next = std::find_if(text, end, isBlank);
      if (parse(text, next, value) != CANOPY_NUMBER) return -1 - count;
    }
    if (static_cast<size_t>(count) < capacity) values[count] = value;
    ++count;
    text = next;
  }
}
