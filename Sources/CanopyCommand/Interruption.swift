// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

/// The user's wish to stop, as by Ctrl-C, whatever the program is doing: waiting for a pipe, in the middle of a jet.
///
/// Unfinished files are removed, and the program ends as the signal would have ended it. Nothing else needs
/// to be done: a checkpoint or a journal, which is to outlive an interruption, is on the disk at any moment.
enum Interruption {
  /// Listens for the wish from now on; a second one ends the program at once.
  static func listen() {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    writingEnd = ends[1]
    for number in [SIGHUP, SIGINT, SIGTERM] {
      let previous = signal(number) {
        var received = $0
        Foundation.signal(received, SIG_DFL)
        write(writingEnd, &received, MemoryLayout<Int32>.size)
      }
      // A signal that is ignored, as by nohup, stays ignored.
      if unsafeBitCast(previous, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
        signal(number, SIG_IGN)
      }
    }
    let readingEnd = ends[0]
    Thread.detachNewThread {
      var received: Int32 = 0
      while read(readingEnd, &received, MemoryLayout<Int32>.size) < 0, errno == EINTR {}
      end(by: received)
    }
  }

  /// How to go on later, in a sentence, if there is something to go on with.
  static var advice: String? {
    get { lock.withLock { currentAdvice } }
    set { lock.withLock { currentAdvice = newValue } }
  }

  /// Starts a process that a wish to stop ends too.
  ///
  /// - Throws: what starting it throws.
  static func start(_ process: Process) throws {
    // Under the lock, so that none is started after the others were ended.
    try lock.withLock {
      try process.run()
      processes.insert(process.processIdentifier)
    }
  }

  /// Forgets a process that has ended.
  static func forget(_ process: Process) {
    lock.withLock { _ = processes.remove(process.processIdentifier) }
  }

  /// Hands a signal on to the processes that were started, and waits for some seconds until they have ended.
  private static func endProcesses(by number: Int32) {
    // Never unlocked: nobody is to start another, or to take the end of one for its failure.
    lock.lock()
    for process in processes { kill(process, number) }
    for _ in 0..<500 where processes.contains(where: { kill($0, 0) == 0 }) { usleep(10_000) }
  }

  private static func end(by number: Int32) {
    let advice = advice
    UnfinishedFiles.removeAll()
    endProcesses(by: number)
    // A bar of progress may be on the line.
    if isatty(STDERR_FILENO) == 1 { writeToStandardError("\r\u{1B}[K") }
    if let advice { writeToStandardError("canopy: \(advice)\n") }
    kill(getpid(), number)
  }

  private static let lock = NSLock()
  /// Guarded by `lock`.
  nonisolated(unsafe) private static var currentAdvice: String?
  /// The processes that were started and have not ended; guarded by `lock`.
  nonisolated(unsafe) private static var processes: Set<Int32> = []
}

/// Read by the handler of a signal.
nonisolated(unsafe) private var writingEnd: Int32 = -1
