// SPDX-License-Identifier: GPL-3.0-or-later

import CCanopy
import Canopy
import EventIO

/// The inputs of a call: files, and events in memory, by the names of the latter.
struct GivenInputs {
  private(set) var samples: [InputSample] = []
  private(set) var held: [String: Events] = [:]

  /// Copies what is in memory.
  ///
  /// - Throws: ``CallError`` if an input has no name or two share one, ``GivenEventError`` if an event has a number that is not
  ///   usable, `EventInputError` if a pattern names no file.
  init(_ inputs: UnsafePointer<canopy_input>?, _ count: Int) throws {
    guard count >= 0, count == 0 || inputs != nil else {
      throw CallError("The pointer to the inputs is null.")
    }
    for place in 0..<count {
      guard let text = inputs![place].name, text.pointee != 0 else {
        throw CallError("Input \(place) has no name.")
      }
      let name = String(cString: text)
      guard let events = inputs![place].events else {
        do {
          samples.append(try InputSample(pattern: name))
        } catch let error as InputPatternError {
          throw EventInputError(source: name, problem: "cannot be read: \(error.problem)")
        }
        continue
      }
      guard held[name] == nil else { throw CallError("Two inputs in memory are called \(name).") }
      held[name] = try GivenEvents(events).all()
      samples.append(InputSample(files: [name]))
    }
  }

  /// A stream over the inputs.
  ///
  /// - Throws: `EventInputError` if an input cannot be opened, ``CallError`` if there is none.
  func stream(_ options: EventReadingOptions) throws -> EventStream {
    guard !samples.isEmpty else { throw CallError("No events are given; name the files of some.") }
    var options = options
    options.held = held
    return try EventStream(samples: samples, options: options)
  }
}
