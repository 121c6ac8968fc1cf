// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import TestFiles
import Testing

/// Where results may be written, and what happens if they cannot.
@Suite struct ResultOutputTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The error of writing `batch` to `path`.
  func failure(
    at path: String, as format: String, _ batch: ResultBatch = .byHand()
  ) -> ResultOutputError? {
    do {
      let writer = try ResultFormats.builtIn[format]!.makeWriter(to: .file(path))
      try writer.append(batch)
      try writer.finish()
      return nil
    } catch {
      return error as? ResultOutputError
    }
  }

  @Test(arguments: ResultFormats.builtIn.names)
  func aFileAppearsWhenComplete(format: String) throws {
    try "earlier".write(toFile: folder.path("out"), atomically: false, encoding: .utf8)
    let writer = try ResultFormats.builtIn[format]!.makeWriter(to: .file(folder.path("out")))
    try writer.append(.byHand())
    #expect(try folder.text("out") == "earlier")
    try writer.finish()
    #expect(try folder.text("out") != "earlier")
    #expect(try folder.content == ["out"])
  }

  @Test(arguments: ResultFormats.builtIn.names)
  func aWriterThatIsReleasedLeavesNothing(format: String) throws {
    try "earlier".write(toFile: folder.path("out"), atomically: false, encoding: .utf8)
    do {
      let writer = try ResultFormats.builtIn[format]!.makeWriter(to: .file(folder.path("out")))
      for first in 0..<3 {
        try writer.append(.random(events: 5000, first: first, embeddingWidth: 3, seed: 5))
      }
    }
    #expect(try folder.content == ["out"])
    #expect(try folder.text("out") == "earlier")
  }

  @Test(arguments: ResultFormats.builtIn.names)
  func aSymbolicLinkStays(format: String) throws {
    try "earlier".write(toFile: folder.path("out"), atomically: false, encoding: .utf8)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link"), withDestinationPath: folder.path("out"))
    #expect(failure(at: folder.path("link"), as: format) == nil)
    #expect(try folder.text("out") != "earlier")
    #expect(try folder.content == ["link", "out"])
  }

  @Test(arguments: ResultFormats.builtIn.names)
  func aPipeGetsWhatAFileGets(format: String) throws {
    let pipe = folder.path("pipe")
    try #require(mkfifo(pipe, 0o600) == 0)
    let received = Mailbox()
    let reader = Thread {
      received.put(FileHandle(forReadingAtPath: pipe)?.readDataToEndOfFile() ?? Data())
    }
    reader.start()
    #expect(failure(at: pipe, as: format) == nil)
    #expect(failure(at: folder.path("out"), as: format) == nil)
    let piped = received.take()
    #expect(!piped.isEmpty)
    #expect(piped == FileManager.default.contents(atPath: folder.path("out")))
    #expect(try folder.content == ["out", "pipe"])
  }

  @Test(arguments: ResultFormats.builtIn.names)
  func aMissingFolderIsNamed(format: String) throws {
    let path = folder.path("none/out")
    let error = failure(at: path, as: format)
    #expect(
      error?.description == "The results cannot be written to '\(path)' because the folder "
        + "'\(folder.path("none"))/' does not exist; make it or choose another place.")
    #expect(try folder.content == [])
  }

  #if os(Linux)
    @Test func aFolderWithoutPlaceForFilesIsNotMissing() {
      #expect(
        failure(at: "/proc/out", as: "hdf5")?.description
          == "The results cannot be written to '/proc/out' because the folder '/proc/' has no place for files; "
          + "choose another.")
    }
  #endif

  @Test(arguments: ResultFormats.builtIn.names)
  func aFolderIsNoFile(format: String) throws {
    #expect(
      failure(at: folder.url.path, as: format)?.description
        == "The results cannot be written to '\(folder.url.path)', which is a folder; name a file in it.")
    #expect(try folder.content == [])
  }

  @Test(arguments: ResultFormats.builtIn.names)
  func aFileIsNoFolder(format: String) throws {
    try "text".write(toFile: folder.path("file"), atomically: false, encoding: .utf8)
    let error = failure(at: folder.path("file/out"), as: format)
    #expect(error?.description.contains("Not a directory") == true)
    #expect(try folder.content == ["file"])
  }

  @Test func anEmptyNameIsRefused() {
    #expect(failure(at: "", as: "jsonl") != nil)
  }

  #if os(Linux)
    @Test(arguments: ResultFormats.builtIn.names)
    func aFullDeviceIsAnError(format: String) throws {
      let error = failure(at: "/dev/full", as: format)
      #expect(
        error?.description == "Writing the results to '/dev/full' failed (No space left on device); "
          + "free some space or choose another place.")
      #expect(error?.isBrokenPipe == false)
    }
  #endif

  @Test(arguments: ResultFormats.builtIn.names)
  func aBrokenPipeIsToldApart(format: String) throws {
    signal(SIGPIPE, SIG_IGN)
    let pipe = folder.path("pipe")
    try #require(mkfifo(pipe, 0o600) == 0)
    let reader = open(pipe, O_RDONLY | O_NONBLOCK)
    let writer = try ResultFormats.builtIn[format]!.makeWriter(to: .file(pipe))
    close(reader)
    let error = #expect(throws: ResultOutputError.self) {
      try writer.append(.byHand())
      try writer.finish()
    }
    #expect(error?.isBrokenPipe == true)
  }

  @Test(
    arguments: [
      ["jets/score"], ["event"], ["a/b/c"], ["/b"], ["a/"], [""], ["a/.."], ["a/b", "a/b"], ["a", "a/b"],
    ])
  func namesOfEventColumnsThatClashAreRefused(names: [String]) throws {
    var batch = ResultBatch.byHand()
    batch.eventColumns = names.map { ResultColumn(name: $0, values: [0, 0, 0]) }
    for format in ResultFormats.builtIn.names {
      #expect(failure(at: folder.path("out"), as: format, batch) != nil)
    }
    #expect(try folder.content == [])
  }

  @Test(arguments: ["pt/score", "tree", "offset/x", "constituents/n"])
  func namesOfJetColumnsThatClashAreRefused(name: String) throws {
    var batch = ResultBatch.byHand()
    batch.jetColumns = [ResultColumn(name: name, values: [0, 0, 0])]
    #expect(failure(at: folder.path("out"), as: "jsonl", batch)?.description.contains("rename") == true)
  }
}

/// Hands one value from a thread to another.
private final class Mailbox: @unchecked Sendable {
  private let arrived = DispatchSemaphore(value: 0)
  private var value = Data()

  func put(_ new: Data) {
    value = new
    arrived.signal()
  }

  func take() -> Data {
    arrived.wait()
    return value
  }
}
