// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support
import TestFiles
import Testing

/// Files and folders that are there as a whole or not at all, and who may write.
@Suite struct WholeFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(_ text: String, to file: WholeFile) throws {
    try Data(text.utf8).withUnsafeBytes { try file.write($0) }
  }

  @Test(arguments: [false, true]) func aFileAppearsWhenComplete(isNamed: Bool) throws {
    try folder.write("earlier", to: "out")
    for name in ["out", "new"] {
      let file = try WholeFile(folder.path(name), isNamed: isNamed)
      try write("now", to: file)
      #expect(try folder.text("out") == "earlier" || name == "new")
      #expect(FileManager.default.fileExists(atPath: folder.path("new")) == false)
      try file.commit()
      #expect(try folder.text(name) == "now")
    }
    #expect(try folder.content == ["new", "out"])
  }

  @Test(arguments: [false, true]) func aFileThatIsReleasedLeavesNothing(isNamed: Bool) throws {
    try folder.write("earlier", to: "out")
    do { try write("now", to: WholeFile(folder.path("out"), isNamed: isNamed)) }
    #expect(try folder.content == ["out"])
    #expect(try folder.text("out") == "earlier")
  }

  @Test func errorsSayWhoIsToBlame() throws {
    let missing = #expect(throws: FileOutputError.self) {
      try WholeFile.write(Data(), to: folder.path("none/out"))
    }
    #expect(missing?.code == ENOENT && missing?.isPlaceError == true)
    #expect(
      missing?.description.hasPrefix("\(folder.path("none/out")): cannot be written (No such file") == true)
    #expect(
      !FileOutputError("out", code: ENOSPC).isPlaceError && !FileOutputError("out", code: EFBIG).isPlaceError)
  }

  /// Names as this version and those before it gave them.
  @Test func whatKilledProgramsLeftIsRemoved() throws {
    let mine = ".canopy-\(getpid())-0-x.partial"
    for name in [
      ".canopy-999999999-7-x.partial", ".canopy-999999999-7-x.partial.AbCdEf", mine,
      ".canopy-29D1E7C0-0000-4000-8000-000000000000.partial", ".dat.nosync1f.abcdef",
      "out.jsonl.journal.partial",
      "out.partial", "out",
    ] {
      try folder.write("left", to: name)
    }
    let report = ".report-29D1E7C0-0000-4000-8000-000000000000"
    try FileManager.default.createDirectory(atPath: folder.path(report), withIntermediateDirectories: false)
    try folder.write("left", to: "\(report)/roc.csv")
    // A file that a living process has open, under a name that does not tell which process.
    let kept = ".canopy-29D1E7C0-0000-4000-8000-000000000001.partial"
    try folder.write("kept", to: kept)
    let open = try FileHandle(forReadingFrom: URL(fileURLWithPath: folder.path(kept)))
    try WholeFile.write(Data(), to: folder.path("new"))
    #expect(try folder.content == [kept, "new", "out", "out.partial"])
    try open.close()
  }

  @Test func anUnfinishedFileOfALivingProcessStays() throws {
    let file = try WholeFile(folder.path("out"), isNamed: true)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sleep")
    process.arguments = ["3600"]
    try process.run()
    // SIGTERM may be blocked here, which a child inherits.
    defer { kill(process.processIdentifier, SIGKILL) }
    let status = try String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)
    let start = status.split(separator: " ")[21]
    let other = try folder.write("other", to: ".canopy-\(process.processIdentifier)-\(start)-x.partial")
    let locked = try folder.write("other", to: ".canopy-999999999-7-y.partial")
    let descriptor = open(locked, O_RDONLY | O_CLOEXEC)
    try #require(flock(descriptor, LOCK_SH) == 0)
    // By another path, so that the folder is looked through again.
    try WholeFile.write(Data(), to: folder.path("./new"))
    #expect(FileManager.default.fileExists(atPath: other) && FileManager.default.fileExists(atPath: locked))
    close(descriptor)
    try file.commit()
  }

  @Test func aPipeStaysAPipe() throws {
    let pipe = folder.path("pipe")
    try #require(mkfifo(pipe, 0o600) == 0)
    let reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    defer { close(reader) }
    try WholeFile.write(Data("text".utf8), to: pipe)
    var bytes = [UInt8](repeating: 0, count: 8)
    #expect(read(reader, &bytes, 8) == 4 && bytes.starts(with: Array("text".utf8)))
    var status = stat()
    #expect(stat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
  }

  @Test func aFolderAppearsWhenComplete() throws {
    let place = folder.path("package")
    do { try WholeFolder(beside: place).write(Data("text".utf8), to: "a/b") }
    #expect(try folder.content == [])
    let whole = try WholeFolder(beside: place)
    try whole.write(Data("text".utf8), to: "a/b")
    try whole.commit()
    #expect(try folder.content == ["package"])
    #expect(try folder.text("package/a/b") == "text")
  }

  @Test func aFolderTakesThePlaceOfAnother() throws {
    let place = folder.path("report")
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
    for name in ["notes", "report.json"] { try folder.write("old", to: "report/\(name)") }
    do {
      let whole = try WholeFolder(beside: place)
      try whole.write(Data("new".utf8), to: "report.json")
      #expect(try whole.exchange())
    }
    #expect(try folder.text("report/report.json") == "new")
    #expect(try folder.text("report/notes") == "old")
    #expect(try folder.content == ["report"])
  }

  @Test func oneWriterAtATime() throws {
    let first = try FolderLock(folder.url.path)
    let error = #expect(throws: FolderLockError.self) { try FolderLock(folder.url.path) }
    #expect(error?.holder == getpid() && error?.description.contains("process \(getpid()),") == true)
    withExtendedLifetime(first) {}
  }
}
