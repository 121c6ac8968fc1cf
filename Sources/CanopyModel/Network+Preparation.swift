// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension Network.NamedHead {
  /// Whether the head has learnt what it learns before the first step.
  public var isPrepared: Bool { preparation != nil || !type(of: head).prepares }
}

extension Network {
  /// Gives the heads what a model's file says that they have learnt from the training sample.
  ///
  /// - Parameter preparations: one for each head; nil for a head that learns nothing before the first step.
  /// - Throws: ``ModelError``, without a full stop, if a preparation is missing, or does not fit its head.
  mutating func prepare(by preparations: [JSONValue?]) throws {
    for (index, preparation) in preparations.enumerated() {
      if let preparation {
        try prepareHead(index, by: preparation)
      } else if !heads[index].isPrepared {
        throw ModelError("the preparation of the head \(heads[index].name) is missing")
      }
    }
  }

  /// Gives a head what it has learnt from the training sample, as a file stores it.
  ///
  /// - Parameters:
  ///   - index: the number of the head.
  ///   - preparation: what was stored.
  /// - Throws: ``ModelError``, without a full stop, if it does not fit the head.
  public mutating func prepareHead(_ index: Int, by preparation: JSONValue) throws {
    func prepared<H: Head>(_ head: H) throws -> H {
      guard H.prepares else { throw PluginError("the plugin \(H.identifier) has none: take it out") }
      var head = head
      try head.prepare(by: preparation.decode(H.Preparation.self))
      return head
    }
    do {
      heads[index].head = try prepared(heads[index].head)
    } catch let error where error is PluginError || error is DecodingError {
      throw ModelError("the preparation of the head \(heads[index].name): \(error.clause)")
    }
    heads[index].preparation = preparation
  }

  /// Lets a head learn from the training sample what it learns before the first step.
  ///
  /// The head takes over what a file would store, so that it is the same when it is read again.
  ///
  /// - Parameters:
  ///   - index: the number of the head.
  ///   - truth: the true values of the rows.
  ///   - weights: the weight of each row: `[rows]`.
  ///   - inputs: the plain numbers that heads read of these events.
  /// - Throws: `MetricError` if there is too little to learn from, ``ModelError``, without a full stop, if what was learnt
  ///   cannot be stored or taken over.
  public mutating func prepareHead(
    _ index: Int, fitting truth: HeadTruth, weights: [Double], inputs: HeadInputs
  ) throws {
    func preparation<H: Head>(_ head: H) throws -> JSONValue? {
      guard H.prepares else { return nil }
      let learnt = try head.preparation(fitting: truth, weights: weights, inputs: inputs)
      do {
        return try JSONValue(encoding: learnt)
      } catch is EncodingError {
        throw ModelError(
          "the preparation of the head \(heads[index].name) holds a number that is not finite: mend the plugin "
            + H.identifier)
      }
    }
    if let learnt = try preparation(heads[index].head) { try prepareHead(index, by: learnt) }
  }
}
