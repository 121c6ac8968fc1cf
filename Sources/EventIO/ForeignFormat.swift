// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A format that people are likely to try and that is not read, with what to do about it.
struct ForeignFormat: Sendable {
  /// What is wrong with an input of this start and name, as the end of a sentence whose subject is the file; nil if it
  /// is not of this format.
  let problem: @Sendable (FileStart, String) -> String?

  private init(_ problem: @escaping @Sendable (FileStart) -> String?) {
    self.problem = { start, _ in problem(start) }
  }

  /// A format that is called `name`, with its article, and is recognised by the bytes at a place.
  private init(_ magic: [UInt8], at offset: Int = 0, _ name: String, _ advice: String) {
    self.init { $0.has(magic, at: offset) ? "is \(name); \(advice)" : nil }
  }

  private init(_ text: String, at offset: Int = 0, _ name: String, _ advice: String) {
    self.init(Array(text.utf8), at: offset, name, advice)
  }

  /// A format that is called `name`, with its article, and that the command of the Python package converts.
  private init(convertible magic: String, _ name: String) {
    problem = { start, source in
      guard start.has(Array(magic.utf8), at: 0) else { return nil }
      let converted = URL(fileURLWithPath: source).deletingPathExtension().lastPathComponent + ".h5"
      return
        "is \(name); type canopy convert \(source) -o \(converted), with the command of the Python package "
        + "canopy-hep, and name \(converted) instead"
    }
  }

  private static let decompress = "decompress it, or pipe it in and give - as input"

  /// The formats that are told by their first bytes, whatever follows.
  static let known: [ForeignFormat] = [
    ForeignFormat(convertible: "root", "a ROOT file"), ForeignFormat(convertible: "PAR1", "a Parquet file"),
    ForeignFormat(
      "ARROW1", "an Arrow file", "write its particles as HDF5, for example with pyarrow and h5py"),
    ForeignFormat(
      [0x93] + Array("NUMPY".utf8), "a NumPy array", "write its particles as HDF5 with h5py"),
    ForeignFormat(
      [0x50, 0x4B, 3, 4], "a ZIP or npz file", "unpack it, or write its arrays as HDF5 with h5py"),
    ForeignFormat {
      $0.has("<?xml".utf8) && !LHEEventFormat().matches($0)
        ? "is an XML file; if it has Les Houches events, give --input-format lhe" : nil
    },
    ForeignFormat(
      [0xAB, 0xAD, 0xCA, 0xFE], at: 4, "an LCIO file", "convert it to HepMC3, JSON lines or HDF5"),
    ForeignFormat("hmpb", "a HepMC3 file in Protocol Buffers", "write it as HepMC3 Asciiv3"),
    ForeignFormat([0x04, 0x22, 0x4D, 0x18], "compressed by lz4", decompress),
    ForeignFormat([0x1F, 0x9D], "compressed by compress", decompress),
    ForeignFormat([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive", "unpack it"),
    ForeignFormat("ustar", at: 257, "a tar archive", "unpack it"),
    ForeignFormat([0xFF, 0xFE], "text in UTF-16", "write it in UTF-8"),
    ForeignFormat([0xFE, 0xFF], "text in UTF-16", "write it in UTF-8"),
    ForeignFormat { isStdHep($0.bytes) ? "is a StdHep file; convert it to HepMC3" : nil },
    ForeignFormat { isHEPEVT($0) ? "is a listing of HEPEVT records; convert it to HepMC3" : nil },
  ]

  /// HepMC that is neither of the listings that are read.
  static let hepMCOfAnotherKind = ForeignFormat { start in
    guard start.lines.contains(where: { $0.hasPrefix("HepMC::") }) else { return nil }
    guard let listing = HepMCEventFormat.listing(start) else {
      return "is a HepMC file without a START_EVENT_LISTING line; is it cut short?"
    }
    return "is a HepMC file of another kind (\(listing)); write HepMC3 Asciiv3 or HepMC2 IO_GenEvent"
  }

  /// JSON of one value for the whole file.
  static let jsonOfAnotherKind = ForeignFormat { start in
    start.firstContent?.hasPrefix("[") == true
      ? "is JSON but not an object a line; write {\"particles\": [[px, py, pz, E], …]} for each event" : nil
  }

  /// Whether the file begins as McFio, in which StdHep writes: block 1, its length, and a version such as "2.01".
  private static func isStdHep(_ start: [UInt8]) -> Bool {
    start.count >= 16 && start.starts(with: [0, 0, 0, 1]) && start[8..<12].elementsEqual([0, 0, 0, 4])
      && start[12..<16].allSatisfy { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
  }

  /// Whether the first line is that of a HEPEVT record: `E`, the number of the event and the number of particles.
  private static func isHEPEVT(_ start: FileStart) -> Bool {
    guard let line = start.bytes.split(separator: 0x0A, maxSplits: 1).first else { return false }
    let words = String(decoding: line, as: UTF8.self).split { $0 == " " || $0 == "\t" || $0 == "\r" }
    return words.count == 3 && words[0] == "E" && words[1...].allSatisfy { Int($0) != nil }
  }
}
