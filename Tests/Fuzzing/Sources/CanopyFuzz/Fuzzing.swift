// SPDX-License-Identifier: GPL-3.0-or-later

import CFuzzing
import Foundation

/// Something that reads bytes which anyone may have written.
protocol FuzzTarget {
  /// The files that the target needs are in `fixtures`.
  init(_ fixtures: Fixtures) throws

  /// Reads an input. It may throw, which refuses the input; anything else that goes wrong is a finding.
  func read(_ input: Data) throws

  /// Corrects the checksums of an input, so that the code after them is reached.
  func seal(_ input: UnsafeMutableRawBufferPointer)
}

extension FuzzTarget {
  func seal(_ input: UnsafeMutableRawBufferPointer) {}
}

enum Fuzzing {
  static var targets: [String: any FuzzTarget.Type] {
    [
      "hepmc2": EventFileTarget.self, "hepmc3": EventFileTarget.self, "lhe": EventFileTarget.self,
      "json": EventFileTarget.self, "text": EventFileTarget.self, "hdf5": EventFileTarget.self,
      "compressed": EventFileTarget.self,
      "model": ModelDescriptionTarget.self, "weights": WeightsTarget.self,
      "checkpoint": CheckpointTarget.self,
      "configuration": ConfigurationTarget.self, "settings": SettingsTarget.self, "menu": MenuTarget.self,
      "journal": JournalTarget.self, "formula": FormulaTarget.self, "folds": FoldsTarget.self,
      "pile-up": PileUpFileTarget.self,
    ]
  }

  /// The target that the environment names; nil if it names none.
  nonisolated(unsafe) static let target: (any FuzzTarget)? = {
    guard let place = ProcessInfo.processInfo.environment["CANOPY_FUZZ"].map(URL.init(fileURLWithPath:)),
      let target = targets[place.lastPathComponent]
    else { return nil }
    do {
      return try target.init(Fixtures(folder: place.deletingLastPathComponent()))
    } catch {
      fatalError("\(place.path): \(error)")
    }
  }()

  static func run(_ input: UnsafeRawBufferPointer) {
    try? target!.read(Data(input))
  }
}

/// libFuzzer's mutations, with the checksums made right.
@_cdecl("LLVMFuzzerCustomMutator")
func mutate(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ maximum: Int, _ seed: UInt32) -> Int {
  let mutated = LLVMFuzzerMutate(bytes, count, maximum)
  Fuzzing.target!.seal(UnsafeMutableRawBufferPointer(start: bytes, count: mutated))
  return mutated
}
