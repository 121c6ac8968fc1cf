// SPDX-License-Identifier: GPL-3.0-or-later

import CYAML
import Support

/// A part of a YAML text and the place where it begins.
struct YAMLEvent {
  enum Content {
    case streamStart
    case streamEnd
    case documentStart
    case documentEnd
    case alias(String)
    case scalar(String, isPlain: Bool, tag: String?, anchor: String?)
    case sequenceStart(tag: String?, anchor: String?)
    case sequenceEnd
    case mappingStart(tag: String?, anchor: String?)
    case mappingEnd
  }

  let content: Content
  let position: ConfigurationPosition
}

/// The events of a YAML text in their order, as libyaml finds them.
///
/// They are not kept: only one event and what libyaml reads ahead, at most a line or a scalar, are in memory.
final class YAMLEvents {
  private let source: String
  // libyaml keeps the addresses of both.
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let input: UnsafeMutableBufferPointer<UInt8>

  /// The events of `text`; `source` names the file in messages.
  init(_ text: String, source: String) {
    self.source = source
    let bytes = Array(text.utf8)
    input = .allocate(capacity: bytes.count)
    _ = input.initialize(from: bytes)
    parser = .allocate(capacity: 1)
    precondition(yaml_parser_initialize(parser) == 1, "there is no memory for a YAML parser")
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, input.baseAddress, input.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    input.deallocate()
  }

  /// The next event.
  ///
  /// - Throws: ``ConfigurationError`` if the text is not YAML there.
  func next() throws -> YAMLEvent {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw error }
    defer { yaml_event_delete(&event) }
    return YAMLEvent(content: Self.content(event), position: position(event.start_mark))
  }

  private static func content(_ event: yaml_event_t) -> YAMLEvent.Content {
    func text(_ characters: UnsafeMutablePointer<yaml_char_t>?) -> String? {
      characters.map { String(cString: $0) }
    }
    switch event.type {
    case YAML_STREAM_START_EVENT: return .streamStart
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_ALIAS_EVENT: return .alias(text(event.data.alias.anchor) ?? "")
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      let tag = text(scalar.tag)
      return .scalar(
        String(decoding: bytes, as: UTF8.self),
        isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE && tag == nil, tag: tag, anchor: text(scalar.anchor))
    case YAML_SEQUENCE_START_EVENT:
      let start = event.data.sequence_start
      return .sequenceStart(tag: text(start.tag), anchor: text(start.anchor))
    case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
    case YAML_MAPPING_START_EVENT:
      let start = event.data.mapping_start
      return .mappingStart(tag: text(start.tag), anchor: text(start.anchor))
    case YAML_MAPPING_END_EVENT: return .mappingEnd
    default: return .streamEnd
    }
  }

  private func position(_ mark: yaml_mark_t) -> ConfigurationPosition {
    ConfigurationPosition(file: source, line: Int(mark.line) + 1, column: Int(mark.column) + 1)
  }

  /// Where a key begins that is longer than keys may be, if there is one on the lines of some marks.
  ///
  /// libyaml, which looks 1,024 bytes ahead for the colon of a key, takes a longer one for something else.
  private func longKey(at marks: [yaml_mark_t]) -> ConfigurationPosition? {
    let colon = UInt8(ascii: ":")
    for mark in marks {
      guard let line = line(Int(mark.line)) else { continue }
      var start = line.startIndex
      for place in line.indices {
        let isEnd = place + 1 == line.endIndex || [0x20, 0x0D].contains(line[place + 1])
        guard line[place] == colon, isEnd else {
          // Brackets, commas, indentation and the marks of lists are no part of a key.
          let isIndentation = line[place] == 0x20 && line[start..<place].allSatisfy { $0 == 0x2D }
          if isIndentation || [0x7B, 0x5B, 0x2C].contains(line[place]) { start = place + 1 }
          continue
        }
        if place - start > DocumentLimits.keyLength {
          let before = String(decoding: line[..<start], as: UTF8.self).unicodeScalars.count
          return ConfigurationPosition(file: source, line: Int(mark.line) + 1, column: before + 1)
        }
        start = place + 1
      }
    }
    return nil
  }

  /// The bytes of a line, counted from 0.
  private func line(_ number: Int) -> Slice<UnsafeMutableBufferPointer<UInt8>>? {
    let lines = input.split(separator: 0x0A, maxSplits: number + 1, omittingEmptySubsequences: false)
    return lines.indices.contains(number) ? lines[number] : nil
  }

  /// Why the last event could not be read.
  private var error: ConfigurationError {
    let problem = parser.pointee.problem.map { String(cString: $0) } ?? "there is too little memory"
    guard parser.pointee.error == YAML_READER_ERROR else {
      let mark = parser.pointee.context_mark
      if let key = longKey(at: [parser.pointee.problem_mark, mark]) {
        return ConfigurationError(
          key, "this is a key of more than \(DocumentLimits.keyLength) bytes; use a shorter name")
      }
      let circumstance =
        parser.pointee.context.map { " (\(String(cString: $0)) at \(mark.line + 1):\(mark.column + 1))" }
        ?? ""
      return ConfigurationError(
        position(parser.pointee.problem_mark), "this is not YAML: \(problem)\(circumstance)")
    }
    // Of a character that YAML does not allow only the byte is known.
    let before = String(decoding: input.prefix(Int(parser.pointee.problem_offset)), as: UTF8.self)
    let lines = before.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    return ConfigurationError(
      ConfigurationPosition(file: source, line: lines.count, column: lines.last!.unicodeScalars.count + 1),
      "this is not YAML: \(problem)")
  }
}
