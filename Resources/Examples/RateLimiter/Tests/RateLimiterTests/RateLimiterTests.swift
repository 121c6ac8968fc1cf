// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit
import PluginTesting
import RateLimiter
import Testing

@Suite struct RateLimiterTests {
  @Test(arguments: DecisionCheck.allCases) func conforms(_ check: DecisionCheck) throws {
    try DecisionConformance(RateLimiter.self).run(check)
  }

  private func limiter(accept: Int, of: Int) throws -> RateLimiter {
    try RateLimiter(configuration: .init(accept: accept, of: of), sources: DecisionSources())
  }

  @Test func acceptsAsManyAsTheWindowAllows() throws {
    let limiter = try limiter(accept: 2, of: 5)
    var state = limiter.initialState
    let accepted = (1...12).filter { _ in limiter.decide(DecisionValues(), &state) }
    #expect(accepted == [1, 2, 6, 7, 11, 12])
  }

  @Test(arguments: [(0, 5), (5, 5), (-1, 0)]) func aLimitThatIsNoneIsRefused(accept: Int, of: Int) {
    #expect(throws: PluginError.self) { try limiter(accept: accept, of: of) }
  }
}
