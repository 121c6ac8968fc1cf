// SPDX-License-Identifier: GPL-3.0-or-later

#include <algorithm>
#include <cctype>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <simdjson.h>

#include "CTextParsing.h"

namespace dom = simdjson::dom;

// A column of given jets.
struct JetColumn {
  std::string name;
  canopy_json_kind kind = CANOPY_JSON_MISSING;
  std::vector<double> values;
  std::vector<double> remainders;
  std::vector<std::string> texts;

  // Adds what jets up to a place lack.
  void fill(size_t jets) {
    values.resize(jets, std::numeric_limits<double>::quiet_NaN());
    remainders.resize(jets, 0);
    texts.resize(jets);
  }

  // What the column holds with something of a kind in addition.
  void admit(canopy_json_kind other) {
    if (kind == CANOPY_JSON_MISSING || kind == other) {
      kind = other;
    } else if (other != CANOPY_JSON_MISSING) {
      kind = CANOPY_JSON_OTHER;
    }
  }
};

struct canopy_json_parser {
  dom::parser parser;
  std::vector<double> momenta;
  std::vector<int32_t> pdgid;
  size_t maximumParticles;
  std::vector<std::string> names;
  std::unordered_set<std::string> known;
  std::vector<const char *> namePointers;
  std::vector<size_t> widths;
  std::vector<uint8_t> areArrays;
  std::vector<double> values;
  std::vector<double> remainders;
  std::vector<std::string> texts;
  std::vector<uint8_t> areTexts;
  std::vector<const char *> textPointers;
  std::vector<size_t> textLengths;
  std::vector<JetColumn> jetColumns;
  size_t jetCount;
  std::string rewritten;
  bool hasWords;
  std::string message;
  std::string field;

  bool fail(std::string_view badField, std::string problem) {
    field = badField;
    message = std::move(problem);
    return false;
  }

  bool readNumber(dom::element element, double &value, double &remainder);
  void addNumber(double value, double remainder);
  bool readDocument(const char *line, size_t length, dom::element &document);
  bool readMomenta(dom::element element);
  bool readPDGID(dom::element element);
  bool isKnown(std::string_view name);
  bool readText(dom::element element, std::string_view &text);
  bool readColumn(std::string_view name, dom::element element);
  bool readJets(dom::element element);
  bool parse(const char *line, size_t length, canopy_json_event *event);
};

namespace {

// The words that Python and JavaScript write for numbers that are not finite, and others that some programs write.
constexpr std::string_view knownWords[] = {"-Infinity", "Infinity", "NaN"};
constexpr std::string_view otherWords[] = {"nan", "inf", "-nan", "-inf", "-NaN"};

// What stands before such a word when it has become a string, so that no string is taken for it.
constexpr std::string_view markOfWord = "\\u0001\\u0001";
constexpr std::string_view markRead = "\x01\x01";

bool isPartOfWord(char character) { return std::isalnum(static_cast<unsigned char>(character)) || character == '_'; }

// Whether a word stands at a place of a line, and nothing that continues it.
bool stands(std::string_view word, std::string_view line, size_t index) {
  return line.compare(index, word.size(), word) == 0 &&
         (index + word.size() == line.size() || !isPartOfWord(line[index + word.size()])) &&
         (index == 0 || !(isPartOfWord(line[index - 1]) || line[index - 1] == '-' || line[index - 1] == '+'));
}

// Hands the places of a line that are outside of strings over until one is taken; returns whether one was.
template <typename Body>
bool anyOutsideOfStrings(std::string_view line, Body body) {
  bool isInString = false;
  for (size_t index = 0; index < line.size(); ++index) {
    if (line[index] == '"') isInString = !isInString;
    if (line[index] == '\\') ++index;
    if (!isInString && index < line.size() && body(index)) return true;
  }
  return false;
}

// The first word that is no number here, or nothing.
std::string_view wordOfNoNumber(std::string_view line) {
  std::string_view found;
  anyOutsideOfStrings(line, [&](size_t index) {
    for (const auto word : otherWords) {
      if (stands(word, line, index)) found = word;
    }
    return !found.empty();
  });
  return found;
}

// The line with strings in place of the words for numbers that are not finite; empty if there are none.
std::string withStringsForWords(std::string_view line) {
  std::string result;
  size_t copied = 0;
  anyOutsideOfStrings(line, [&](size_t index) {
    for (const auto word : knownWords) {
      if (index < copied || !stands(word, line, index)) continue;
      result.append(line, copied, index - copied);
      result.append("\"").append(markOfWord).append(word).append("\"");
      copied = index + word.size();
    }
    return false;
  });
  if (copied > 0) result.append(line, copied, std::string_view::npos);
  return result;
}

// What a 64-bit integer has in addition to the double that is nearest to it: both parts of it are doubles, and so is
// the difference of doubles that are so close to each other.
template <typename Integer>
double remainderBeyond(double value, Integer integer) {
  const Integer low = integer & 0x7FF;
  return static_cast<double>(low) - (value - static_cast<double>(integer - low));
}

}  // namespace

// A number, true and false as 1 and 0, and null as NaN, since JSON has no NaN.
bool canopy_json_parser::readNumber(dom::element element, double &value, double &remainder) {
  remainder = 0;
  switch (element.type()) {
    case dom::element_type::BOOL: value = bool(element) ? 1 : 0; return true;
    case dom::element_type::NULL_VALUE: value = std::numeric_limits<double>::quiet_NaN(); return true;
    case dom::element_type::INT64:
      value = static_cast<double>(int64_t(element));
      remainder = remainderBeyond(value, int64_t(element));
      return true;
    case dom::element_type::UINT64:
      value = static_cast<double>(uint64_t(element));
      remainder = remainderBeyond(value, uint64_t(element));
      return true;
    case dom::element_type::STRING: {
      if (!hasWords) return false;
      const std::string_view text(element);
      if (text.substr(0, markRead.size()) != markRead) return false;
      const std::string_view word = text.substr(markRead.size());
      const double infinity = std::numeric_limits<double>::infinity();
      value = word == "NaN" ? std::numeric_limits<double>::quiet_NaN() : word[0] == '-' ? -infinity : infinity;
      return true;
    }
    default: return element.get_double().get(value) == simdjson::SUCCESS;
  }
}

void canopy_json_parser::addNumber(double value, double remainder) {
  if (remainder != 0 && remainders.empty()) remainders.assign(values.size(), 0);
  values.push_back(value);
  if (remainder != 0 || !remainders.empty()) remainders.push_back(remainder);
}

// Parses a line; one with words for numbers that are not finite is read once more, with strings in their place.
bool canopy_json_parser::readDocument(const char *line, size_t length, dom::element &document) {
  hasWords = false;
  const auto error = parser.parse(line, length, false).get(document);
  if (!error) return true;
  const std::string_view text(line, length);
  if (const auto word = wordOfNoNumber(text); !word.empty()) {
    return fail("", "has " + std::string(word) + ", which JSON does not know; write null for a missing number");
  }
  rewritten = withStringsForWords(text);
  if (!rewritten.empty()) {
    hasWords = true;
    if (!parser.parse(rewritten).get(document)) return true;
  }
  if (error == simdjson::NUMBER_ERROR) {
    return fail("", "has what is no number of JSON, or one beyond 64 bits or double precision; correct it");
  }
  return fail("", std::string("is not valid JSON (") + simdjson::error_message(error) +
                      "); write one event as one object on one line");
}

bool canopy_json_parser::readMomenta(dom::element element) {
  dom::array particles;
  if (element.get_array().get(particles)) {
    return fail("particles", "is not an array; write [[px, py, pz, E], …]");
  }
  for (dom::element particle : particles) {
    const size_t index = momenta.size() / 4;
    dom::array components;
    if (index == maximumParticles) {
      return fail("particles", "has more than the " + std::to_string(maximumParticles) + " particles that are read");
    }
    if (particle.get_array().get(components)) {
      return fail("particles", "has a particle " + std::to_string(index) + " that is not [px, py, pz, E]");
    }
    size_t count = 0;
    for (dom::element component : components) {
      double value;
      double remainder;
      // Nearly all are numbers as JSON has them.
      if (component.get_double().get(value) != simdjson::SUCCESS &&
          (component.is_bool() || component.is_null() || !readNumber(component, value, remainder))) {
        return fail("particles", "has a particle " + std::to_string(index) + " with a component that is not a number");
      }
      if (count < 4) momenta.push_back(value);
      ++count;
    }
    if (count != 4) {
      return fail("particles", "has a particle " + std::to_string(index) + " with " + std::to_string(count) +
                                   " components; write the four numbers px, py, pz, E");
    }
  }
  return true;
}

bool canopy_json_parser::readPDGID(dom::element element) {
  dom::array identifiers;
  if (element.get_array().get(identifiers)) return fail("pdgid", "is not an array of integers");
  for (dom::element identifier : identifiers) {
    int64_t value;
    if (identifier.get_int64().get(value) || value < std::numeric_limits<int32_t>::min() ||
        value > std::numeric_limits<int32_t>::max()) {
      return fail("pdgid", "has an element " + std::to_string(pdgid.size()) + " that is not a 32-bit integer");
    }
    pdgid.push_back(static_cast<int32_t>(value));
  }
  return true;
}

// Whether a member of this name has been read; few are looked at one by one, many by their hash.
bool canopy_json_parser::isKnown(std::string_view name) {
  constexpr size_t few = 16;
  if (names.size() < few) return std::find(names.begin(), names.end(), name) != names.end();
  if (known.empty()) known.insert(names.begin(), names.end());
  return !known.insert(std::string(name)).second;
}

// A text that is no word for a number.
bool canopy_json_parser::readText(dom::element element, std::string_view &text) {
  return element.get_string().get(text) == simdjson::SUCCESS &&
         !(hasWords && text.substr(0, markRead.size()) == markRead);
}

bool canopy_json_parser::readColumn(std::string_view name, dom::element element) {
  const size_t first = values.size();
  double value, remainder;
  std::string_view text;
  bool isNumeric = true;
  if (element.is_array()) {
    for (dom::element item : dom::array(element)) {
      isNumeric = readNumber(item, value, remainder);
      if (!isNumeric) break;
      addNumber(value, remainder);
    }
    // Arrays of anything but numbers are not read.
    if (!isNumeric) {
      values.resize(first);
      if (!remainders.empty()) remainders.resize(first);
    }
  } else if (readNumber(element, value, remainder)) {
    addNumber(value, remainder);
  } else {
    isNumeric = false;
  }
  if (name.find('\0') != std::string_view::npos) return fail("", "has a member whose name holds a zero character");
  if (isKnown(name)) return fail(name, "occurs twice");
  names.emplace_back(name);
  widths.push_back(isNumeric ? values.size() - first : CANOPY_JSON_NO_NUMBERS);
  areArrays.push_back(element.is_array());
  const bool isText = readText(element, text);
  areTexts.push_back(isText);
  texts.emplace_back(isText ? text : std::string_view());
  return true;
}

// Whether a member is a list of given jets: one of objects, or of nothing.
static bool areJets(dom::element element) {
  dom::array items;
  if (element.get_array().get(items)) return false;
  return items.begin() == items.end() || (*items.begin()).is_object();
}

bool canopy_json_parser::readJets(dom::element element) {
  // Names that most jets lack take memory for all jets, and each name is looked for among all.
  constexpr size_t mostNumbers = size_t(1) << 22;
  constexpr size_t mostNames = 1000;
  for (dom::element jet : dom::array(element)) {
    const auto refuse = [this](const std::string &problem) {
      return fail("jets", "has a jet " + std::to_string(jetCount) + " " + problem);
    };
    dom::object members;
    if (jet.get_object().get(members)) return refuse("that is no object; write {\"pt\": …, \"flavour\": …}");
    for (const auto field : members) {
      const std::string_view name = field.key;
      const dom::element member = field.value;
      if (name.find('\0') != std::string_view::npos) return refuse("with a name that holds a zero character");
      auto column =
          std::find_if(jetColumns.begin(), jetColumns.end(), [name](const auto &own) { return own.name == name; });
      if (column == jetColumns.end()) {
        column = jetColumns.emplace(jetColumns.end());
        column->name = name;
        column->fill(jetCount);
        if (jetColumns.size() > mostNames) return refuse("with more names than are read");
      }
      if (column->values.size() > jetCount) return refuse("in which " + std::string(name) + " occurs twice");
      double value = std::numeric_limits<double>::quiet_NaN(), remainder = 0;
      std::string_view text;
      if (readText(member, text)) {
        column->admit(text.empty() ? CANOPY_JSON_MISSING : CANOPY_JSON_TEXTS);
      } else {
        column->admit(member.is_null()                       ? CANOPY_JSON_MISSING
                      : readNumber(member, value, remainder) ? CANOPY_JSON_NUMBERS
                                                             : CANOPY_JSON_OTHER);
      }
      column->values.push_back(value);
      column->remainders.push_back(remainder);
      column->texts.emplace_back(text);
    }
    ++jetCount;
    if (jetCount > maximumParticles || jetCount * jetColumns.size() > mostNumbers) {
      return fail("jets", "has more jets than are read");
    }
    for (auto &column : jetColumns) column.fill(jetCount);
  }
  return true;
}

bool canopy_json_parser::parse(const char *line, size_t length, canopy_json_event *event) {
  momenta.clear();
  pdgid.clear();
  names.clear();
  known.clear();
  namePointers.clear();
  widths.clear();
  areArrays.clear();
  values.clear();
  remainders.clear();
  texts.clear();
  areTexts.clear();
  textPointers.clear();
  textLengths.clear();
  jetColumns.clear();
  jetCount = 0;
  message.clear();
  field.clear();

  dom::element document;
  if (!readDocument(line, length, document)) return false;
  dom::object object;
  if (document.get_object().get(object)) {
    return fail("", "is not a JSON object; write {\"particles\": [[px, py, pz, E], …]}");
  }
  bool hasMomenta = false;
  bool hasPDGID = false;
  bool hasJets = false;
  for (auto [name, element] : object) {
    if (name == "particles") {
      if (hasMomenta) return fail(name, "occurs twice");
      hasMomenta = true;
      if (!readMomenta(element)) return false;
    } else if (name == "pdgid") {
      if (hasPDGID) return fail(name, "occurs twice");
      hasPDGID = true;
      if (!readPDGID(element)) return false;
    } else if (name == "jets" && (hasJets || areJets(element))) {
      if (hasJets || isKnown(name)) return fail(name, "occurs twice");
      hasJets = true;
      if (!readJets(element)) return false;
    } else if (!readColumn(name, element)) {
      return false;
    }
  }
  if (!hasMomenta) return fail("particles", "is missing; write {\"particles\": [[px, py, pz, E], …]}");
  for (const auto &name : names) namePointers.push_back(name.c_str());
  for (size_t column = 0; column < texts.size(); ++column) {
    textPointers.push_back(areTexts[column] ? texts[column].data() : nullptr);
    textLengths.push_back(texts[column].size());
  }

  event->momenta = momenta.data();
  event->particle_count = momenta.size() / 4;
  event->has_pdgid = hasPDGID;
  event->pdgid = pdgid.data();
  event->pdgid_count = pdgid.size();
  event->column_count = names.size();
  event->column_names = namePointers.data();
  event->column_widths = widths.data();
  event->column_is_array = areArrays.data();
  event->column_values = values.data();
  event->column_remainders = remainders.empty() ? nullptr : remainders.data();
  event->column_texts = textPointers.data();
  event->column_text_lengths = textLengths.data();
  event->has_jets = hasJets;
  event->jet_count = jetCount;
  event->jet_column_count = jetColumns.size();
  return true;
}

canopy_json_parser *canopy_json_parser_create(size_t maximum_particles) {
  auto *parser = new (std::nothrow) canopy_json_parser;
  if (parser) parser->maximumParticles = maximum_particles;
  return parser;
}

void canopy_json_parser_destroy(canopy_json_parser *parser) { delete parser; }

size_t canopy_json_padding(void) { return simdjson::SIMDJSON_PADDING; }

bool canopy_json_parse(canopy_json_parser *parser, const char *line, size_t length, canopy_json_event *event) {
  try {
    return parser->parse(line, length, event);
  } catch (const std::exception &error) {
    return parser->fail("", std::string("could not be read (") + error.what() + ")");
  }
}

canopy_json_jet_column canopy_json_jets(const canopy_json_parser *parser, size_t column) {
  const auto &found = parser->jetColumns[column];
  return {found.name.c_str(), found.kind, found.values.data(), found.remainders.data()};
}

const char *canopy_json_jet_text(const canopy_json_parser *parser, size_t column, size_t jet, size_t *length) {
  const auto &text = parser->jetColumns[column].texts[jet];
  *length = text.size();
  return text.data();
}

const char *canopy_json_message(const canopy_json_parser *parser) { return parser->message.c_str(); }

const char *canopy_json_field(const canopy_json_parser *parser) { return parser->field.c_str(); }
