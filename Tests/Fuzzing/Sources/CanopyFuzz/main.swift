// SPDX-License-Identifier: GPL-3.0-or-later

import CFuzzing
import Foundation

// CanopyFuzz prepare FOLDER: writes into FOLDER what the targets need, and the seeds of each.
// CANOPY_FUZZ=FOLDER/TARGET CanopyFuzz [libFuzzer's options] CORPUS: fuzzes a target.
//
// The environment names the target, since libFuzzer hands it on to the processes that it starts.

if CommandLine.arguments.count == 3, CommandLine.arguments[1] == "prepare" {
  try Fixtures(folder: URL(fileURLWithPath: CommandLine.arguments[2])).prepare()
  exit(0)
}
guard Fuzzing.target != nil else {
  let names = Fuzzing.targets.keys.sorted().joined(separator: ", ")
  FileHandle.standardError.write(
    Data("CANOPY_FUZZ must be the folder of CanopyFuzz prepare, a slash and one of \(names).\n".utf8))
  exit(64)
}
var count = CommandLine.argc
var values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
exit(
  LLVMFuzzerRunDriver(&count, &values) { bytes, count in
    Fuzzing.run(UnsafeRawBufferPointer(start: bytes, count: count))
    return 0
  })
