// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support
import TestFiles
import Testing

@Suite struct ProcessorCountTests {
  @Test func masksAreCounted() {
    #expect(
      ProcessorCount.inAffinityMask("Name:\tcanopy\nCpus_allowed:\tff,00000101\nCpus_allowed_list:\t0\n")
        == 10)
    #expect(ProcessorCount.inAffinityMask("Cpus_allowed:\t1\n") == 1)
    #expect(ProcessorCount.inAffinityMask("Name:\tcanopy\n") == nil)
    #expect(ProcessorCount.available >= 1)
    #expect(ProcessorCount.available <= ProcessInfo.processInfo.processorCount)
  }

  /// The least of what a group and those around it grant, rounded up.
  @Test func controlGroupsAreAsked() throws {
    let folder = try TemporaryFolder()
    func write(_ text: String, _ path: String) throws {
      let url = folder.url.appendingPathComponent(path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    func granted(_ groups: String) -> Int? {
      ProcessorCount.grantedByControlGroup(groups, root: folder.url.path)
    }
    #expect(granted("0::/job/step\n") == nil)
    try write("max 100000\n", "job/step/cpu.max")
    #expect(granted("0::/job/step\n") == nil)
    try write("350000 100000\n", "job/cpu.max")
    #expect(granted("0::/job/step\n") == 4)
    #expect(granted("0::/job\n1:cpu,cpuacct:/batch\n") == 4)
    try write("-1\n", "cpu,cpuacct/batch/cpu.cfs_quota_us")
    try write("100000\n", "cpu,cpuacct/batch/cpu.cfs_period_us")
    #expect(granted("4:cpu,cpuacct:/batch\n") == nil)
    try write("50000\n", "cpu,cpuacct/batch/cpu.cfs_quota_us")
    #expect(granted("4:cpu,cpuacct:/batch\n5:memory:/\n") == 1)
    // A container sees its own group as the root.
    try write("200000 100000\n", "cpu.max")
    #expect(granted("0::/elsewhere\n") == 2)
    #expect(granted("nonsense\n0:\n") == nil)
  }
}
