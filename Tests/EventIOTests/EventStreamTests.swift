// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import JetPhysics
import Testing

@Suite struct EventStreamTests {
  @Test func smoke() throws {
    let dir = FileManager.default.temporaryDirectory.path
    let text = dir + "/a.txt"
    try "# c\n1 2 3 4\n+5 6 7 8e1 # x\n#END\n#END\n\n1 1 1 2\n\n#END\n\n1 1 1 3".write(
      toFile: text, atomically: true, encoding: .utf8)
    let json = dir + "/a.json"
    try "{\"particles\": [[1,2,3,4]], \"label\": 1, \"name\": \"x\"}\n\n{\"particles\": [], \"label\": 0}\n"
      .write(toFile: json, atomically: true, encoding: .utf8)
    let s = try EventStream(inputs: [text, json])
    while let b = try s.next(upTo: 3) { print(b) }
    if let path = ProcessInfo.processInfo.environment["H5"] {
      let s = try EventStream(inputs: [path])
      print(s.countEvents() as Any)
      var n = 0, p = 0
      try EventPipeline.run(
        stream: s, eventsPerBatch: 1000, threads: 2, makeWorker: { { ($0.eventCount, $0.particleCount) } }
      ) {
        n += $0.0; p += $0.1
      }
      print(n, p, s.bytesRead, s.totalBytes as Any)
    }
  }
}
