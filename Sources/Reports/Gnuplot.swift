// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import NeuralEngine
import Support

/// The plotting program, found on this machine.
public struct Gnuplot: Sendable {
  private let executable: URL

  /// Finds gnuplot in the folders of `searchPath`, which are separated by colons; PATH unless given.
  ///
  /// - Throws: ``ReportError`` with how to install it.
  public init(searchPath: String = ProcessInfo.processInfo.environment["PATH"] ?? "") throws {
    let candidates = searchPath.split(separator: ":").map {
      URL(fileURLWithPath: String($0), isDirectory: true).appendingPathComponent("gnuplot")
    }
    guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) })
    else {
      throw ReportError(
        description: "The report's figures need gnuplot, which is not installed; "
          + "install it with 'sudo apt install gnuplot-nox' or from <http://gnuplot.info>.")
    }
    executable = found
  }

  /// How all figures look: the beginning of a script.
  package static let style = """
    set encoding utf8
    set border 31 linewidth 1.2 linecolor rgb '#404040'
    set tics in scale 1, 0.5
    set grid xtics ytics back linetype 1 linewidth 0.8 linecolor rgb '#dcdcdc'
    set key Left reverse samplen 2.2 spacing 1.25 noenhanced
    # Okabe and Ito's colours, told apart by colour-blind readers too.
    set linetype 1 linewidth 2.4 linecolor rgb '#0072b2'
    set linetype 2 linewidth 2.4 linecolor rgb '#d55e00'
    set linetype 3 linewidth 2.4 linecolor rgb '#009e73'
    set linetype 4 linewidth 2.4 linecolor rgb '#cc79a7'
    set linetype 5 linewidth 2.4 linecolor rgb '#e69f00'
    set linetype 6 linewidth 2.4 linecolor rgb '#56b4e9'
    set linetype 7 linewidth 2.4 linecolor rgb '#000000'
    """
  /// The command that makes figures SVG.
  package static let svgTerminal =
    "set terminal svg size 800,600 dynamic background '#ffffff' font 'sans-serif,15'"

  /// Draws one figure, which takes its place when it is complete.
  ///
  /// - Parameters:
  ///   - script: the commands, from the terminal on.
  ///   - file: where the figure goes.
  /// - Throws: ``ReportError`` if gnuplot fails or the file cannot be written.
  package func draw(_ script: String, to file: URL) throws {
    let figure = "figure.\(file.pathExtension)"
    do {
      let folder = try WholeFolder(beside: file.path)
      try folder.write(Data("set output '\(figure)'\n\(script)\nunset output\n".utf8), to: Self.scriptFile)
      try run(in: folder.url)
      guard rename(folder.url.appendingPathComponent(figure).path, file.path) == 0 else {
        throw FileOutputError(file.relativePath, code: errno)
      }
      try WholeFile.synchroniseFolder(of: file.path)
    } catch {
      if let error = error as? ReportError { throw error }
      throw ReportError("figure", in: file.relativePath, error)
    }
  }

  /// The name of a script.
  static let scriptFile = "figures.gnuplot"

  /// Runs the script in a folder, without a shell, and makes sure that all its figures are on the disk, as gnuplot does
  /// not notice a full one.
  func run(in folder: URL) throws {
    let script = folder.appendingPathComponent(Self.scriptFile)
    try run(script: script)
    // `set output 'NAME'`, or `set output 'NAME.'.format` in a loop over formats.
    for output in try String(contentsOf: script, encoding: .utf8).matches(
      of: /set output '([^']+)'(\.format)?/)
    {
      for format in output.2 == nil ? [""] : ["png", "svg"] {
        try Self.checkFigure(folder.appendingPathComponent(output.1 + format))
      }
    }
  }

  private static func checkFigure(_ file: URL) throws {
    let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileOutputError(file.lastPathComponent, code: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw FileOutputError(file.lastPathComponent, code: errno)
    }
    let end = try Data(contentsOf: file).suffix(64)
    let mark = ["png": "IEND", "svg": "</svg>"][file.pathExtension] ?? ""
    guard !end.isEmpty, mark.isEmpty || end.range(of: Data(mark.utf8)) != nil else {
      throw FileOutputError(file.lastPathComponent, code: reasonOfShortness(descriptor))
    }
  }

  /// Why a file was not written to its end, which gnuplot does not say: the limit on the size of files, or a full disk.
  private static func reasonOfShortness(_ descriptor: Int32) -> Int32 {
    var limit = rlimit()
    var status = stat()
    #if canImport(Darwin)
      let resource = RLIMIT_FSIZE
    #else
      let resource = Int32(RLIMIT_FSIZE.rawValue)
    #endif
    guard getrlimit(resource, &limit) == 0, fstat(descriptor, &status) == 0 else { return ENOSPC }
    return UInt64(status.st_size) >= UInt64(limit.rlim_cur) ? EFBIG : ENOSPC
  }

  /// Runs a script in its own folder.
  private func run(script: URL) throws {
    let process = Process()
    process.executableURL = executable
    // Without the user's start-up file, figures look the same everywhere.
    process.arguments = ["-d", script.lastPathComponent]
    process.currentDirectoryURL = script.deletingLastPathComponent()
    process.environment = ["LC_ALL": "C.UTF-8", "PATH": executable.deletingLastPathComponent().path]
      .merging(ProcessInfo.processInfo.environment) { ours, _ in ours }
    let complaints = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = complaints
    let output: Data
    do {
      try process.run()
      output = complaints.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
    } catch {
      throw ReportError(description: "gnuplot cannot be run: \(error.fileReason).")
    }
    guard process.terminationStatus == 0 else {
      let lines = String(decoding: output, as: UTF8.self).split(whereSeparator: \.isNewline)
      let reason = lines.last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "it gives no reason"
      throw ReportError(description: "gnuplot could not draw the figures: \(reason)")
    }
  }
}
