// SPDX-License-Identifier: GPL-3.0-or-later

#include <charconv>
#include <system_error>

#include "CTextParsing.h"

int64_t canopy_parse_decimals(const char *text, size_t length, double *values, size_t capacity) {
  const auto isBlank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  const char *end = text + length;
  int64_t count = 0;
  while (true) {
    while (text < end && isBlank(*text)) ++text;
    if (text == end) return count;
    // from_chars knows no plus sign.
    if (*text == '+' && text + 1 < end && text[1] != '-') ++text;
    double value = 0;
    const auto result = std::from_chars(text, end, value);
    if (result.ec != std::errc() || (result.ptr < end && !isBlank(*result.ptr))) return -1 - count;
    if (static_cast<size_t>(count) < capacity) values[count] = value;
    ++count;
    text = result.ptr;
  }
}
