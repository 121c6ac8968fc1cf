// SPDX-License-Identifier: GPL-3.0-or-later

/// A format that people are likely to try and that is not read, with what to do about it.
struct ForeignFormat {
  /// What the file is, with its article.
  let name: String
  /// What to do.
  let advice: String

  /// The foreign format that the first bytes of a file tell, if they tell one.
  init?(startOf start: UnsafeRawBufferPointer) {
    if let known = Self.byMagic.first(where: { start.dropFirst($0.offset).starts(with: $0.magic) }) {
      self = known.format
    } else if Self.isStdHep(start) {
      self = Self("a StdHep file", advice: "convert it to HepMC3")
    } else if let line = Self.firstLine(start), Self.isHEPEVT(line) {
      self = Self("a listing of HEPEVT records", advice: "convert it to HepMC3")
    } else {
      return nil
    }
  }

  private init(_ name: String, advice: String) {
    self.name = name
    self.advice = advice
  }

  private struct Magic {
    let magic: [UInt8]
    let offset: Int
    let format: ForeignFormat

    init(_ magic: [UInt8], at offset: Int = 0, _ name: String, _ advice: String) {
      self.magic = magic
      self.offset = offset
      format = ForeignFormat(name, advice: advice)
    }

    init(_ text: String, at offset: Int = 0, _ name: String, _ advice: String) {
      self.init(Array(text.utf8), at: offset, name, advice)
    }
  }

  private static let toHDF5 = "write its particles as HDF5, for example with uproot or pyarrow and h5py"
  private static let decompress = "decompress it, or pipe it in and give - as input"
  private static let shower =
    "its partons are not showered; shower them, for example with Pythia, and write HepMC3"

  private static let byMagic: [Magic] = [
    Magic("root", "a ROOT file", "write its particles as HDF5, for example with uproot and h5py"),
    Magic("PAR1", "a Parquet file", toHDF5), Magic("ARROW1", "an Arrow file", toHDF5),
    Magic([0x93] + Array("NUMPY".utf8), "a NumPy array", "write its particles as HDF5 with h5py"),
    Magic([0x50, 0x4B, 3, 4], "a ZIP or npz file", "unpack it, or write its arrays as HDF5 with h5py"),
    Magic("<LesHouchesEvents", "a Les Houches event file", shower),
    Magic("<?xml", "an XML file, perhaps of Les Houches events", shower),
    Magic([0xAB, 0xAD, 0xCA, 0xFE], at: 4, "an LCIO file", "convert it to HepMC3, JSON lines or HDF5"),
    Magic("hmpb", "a HepMC3 file in Protocol Buffers", "write it as HepMC3 Asciiv3"),
    Magic([0x04, 0x22, 0x4D, 0x18], "compressed by lz4", decompress),
    Magic([0x1F, 0x9D], "compressed by compress", decompress),
    Magic([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive", "unpack it"),
    Magic("ustar", at: 257, "a tar archive", "unpack it"),
    Magic([0xFF, 0xFE], "text in UTF-16", "write it in UTF-8"),
    Magic([0xFE, 0xFF], "text in UTF-16", "write it in UTF-8"),
  ]

  /// Whether the file begins as McFio, in which StdHep writes: block 1, its length, and a version such as "2.01".
  private static func isStdHep(_ start: UnsafeRawBufferPointer) -> Bool {
    start.count >= 16 && start.starts(with: [0, 0, 0, 1]) && start[8..<12].elementsEqual([0, 0, 0, 4])
      && start[12..<16].allSatisfy { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
  }

  private static func firstLine(_ start: UnsafeRawBufferPointer) -> [Substring]? {
    start.prefix(EventFormat.lookAhead).split(separator: 0x0A, maxSplits: 1).first.map {
      String(decoding: $0, as: UTF8.self).split { $0 == " " || $0 == "\t" || $0 == "\r" }
    }
  }

  /// Whether a line is the first of a HEPEVT record: `E`, the number of the event and the number of particles.
  private static func isHEPEVT(_ words: [Substring]) -> Bool {
    words.count == 3 && words[0] == "E" && words[1...].allSatisfy { Int($0) != nil }
  }
}
