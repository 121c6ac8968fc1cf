// SPDX-License-Identifier: GPL-3.0-or-later

/// The numbers that a stage computes from events once, with the sample, and not in each forward pass.
///
/// It is a value that holds the numbers of many events in flat arrays: a training gathers one of all events in memory, or
/// keeps each event as a record in a file, and a predictor fills one again and again. Jets and events are counted from the
/// first of the collection.
public protocol StageFeatures: Sendable {
  /// What is learnt of the numbers from training events, and what a model stores of it.
  associatedtype Scaling: Codable & Sendable
  /// Some events in the order in which the stage works; it is filled again and again, and belongs to one thread.
  associatedtype Batch: AnyObject

  /// Replaces the content by events and their jets, with numbers that are not scaled, and keeps the storage.
  ///
  /// - Throws: an error that names the event and the field, if an event lacks what the stage reads.
  mutating func replace(with events: Events, jets: Jets) throws
  /// Adds the events of another collection, for the same stage, after these.
  mutating func append(_ other: Self)

  /// The scaling of some events.
  ///
  /// - Parameters:
  ///   - events: the events to learn from.
  ///   - jets: the jets to learn from.
  /// - Returns: the scaling.
  func scaling(fitting events: [Int], jets: [Int]) -> Scaling
  /// Throws unless a scaling that was read from a file fits the stage.
  ///
  /// - Parameters:
  ///   - scaling: what the file has.
  ///   - place: where the file has it, such as `scaling.nodes`, for the sentence to begin with.
  /// - Throws: ``PluginError``.
  func check(_ scaling: Scaling, at place: String) throws
  /// Scales all numbers.
  mutating func scale(by scaling: Scaling)

  /// The extent of each kind of number in some events and in their jets.
  func extents(ofEvents events: [Int], jets: [Int]) -> [FeatureExtent]
  /// A number that heads read of an event, by its place in ``Stage/eventInputNames``; NaN if the event has none.
  func eventInput(_ place: Int, ofEvent event: Int) -> Float
  /// Gives an event the conditions of another.
  mutating func copyConditions(from donor: Int, to event: Int)
  /// The names of the numbers that ``shuffle(_:using:)`` knows; none unless given.
  var shuffledNames: [String] { get }
  /// Gives each row one number of another row, chosen at random, so that it tells nothing any more.
  ///
  /// - Parameters:
  ///   - place: the place of the number in ``shuffledNames``.
  ///   - generator: makes the choice.
  mutating func shuffle(_ place: Int, using generator: inout SeededGenerator)
  /// Hands over the numbers that an event and its jets have, NaN for one that is missing; nothing unless given.
  ///
  /// - Parameters:
  ///   - place: the place of the number in ``shuffledNames``.
  ///   - event: the event.
  ///   - jets: its jets.
  ///   - body: gets the numbers.
  func forEachNumber(_ place: Int, ofEvent event: Int, jets: Range<Int>, _ body: (Float) -> Void)
  /// How many nodes of trees, or other units of work of such a size, some consecutive jets make.
  func nodeCount(ofJets jets: Range<Int>) -> Int

  /// Forgets all events and keeps the storage.
  mutating func removeAll()
  /// Writes all numbers of one event and of its jets, so that ``append(from:)`` makes the same of them.
  ///
  /// A training keeps them in a file if it is asked to, and tells by them whether its events are the same when it goes on.
  ///
  /// - Parameters:
  ///   - event: the event.
  ///   - jets: its jets.
  ///   - record: where to write.
  func write(event: Int, jets: Range<Int>, to record: inout EventRecordWriter)
  /// Adds an event after these that ``write(event:jets:to:)`` wrote, and reads all that it wrote.
  ///
  /// - Throws: what `record` throws; the content is lost then.
  mutating func append(from record: inout EventRecordReader) throws

  /// A batch without events.
  func makeBatch() -> Batch
  /// Replaces the content of a batch.
  ///
  /// - Parameters:
  ///   - batch: one that ``makeBatch()`` made.
  ///   - events: the events, in their order.
  ///   - jets: the jets of these events, in their order.
  func fill(_ batch: Batch, events: [Int], jets: [Int])
}

extension StageFeatures {
  /// NaN.
  public func eventInput(_ place: Int, ofEvent event: Int) -> Float { .nan }

  /// Does nothing.
  public mutating func copyConditions(from donor: Int, to event: Int) {}

  /// None.
  public func nodeCount(ofJets jets: Range<Int>) -> Int { 0 }

  /// None.
  public var shuffledNames: [String] { [] }

  /// Does nothing.
  public func forEachNumber(_ place: Int, ofEvent event: Int, jets: Range<Int>, _ body: (Float) -> Void) {}

  /// Does nothing.
  public mutating func shuffle(_ place: Int, using generator: inout SeededGenerator) {}
}

extension [Float] {
  /// Deals the numbers of one column out again among some rows of a matrix, row-major `[rows × count]`.
  package mutating func shuffle(
    column: Int, of count: Int, rows: [Int], using generator: inout SeededGenerator
  ) {
    for (row, other) in zip(rows, rows.shuffled(using: &generator).map { self[$0 * count + column] }) {
      self[row * count + column] = other
    }
  }
}

/// The least and the largest value that a feature or an input had in some events.
public struct FeatureExtent: Sendable, Equatable {
  /// The name, such as that of a condition, and what it belongs to.
  public let name: String
  /// The least and the largest value; nil if none of the events has one.
  public let values: ClosedRange<Float>?

  /// An extent.
  public init(name: String, values: ClosedRange<Float>?) {
    self.name = name
    self.values = values
  }

  /// The extent in these events and in others together.
  package func union(_ other: FeatureExtent) -> FeatureExtent {
    guard let values, let others = other.values else { return values == nil ? other : self }
    return FeatureExtent(
      name: name,
      values: min(values.lowerBound, others.lowerBound)...max(values.upperBound, others.upperBound))
  }

  /// The extents of the columns of a matrix in some of its rows; a missing number is NaN.
  ///
  /// - Parameters:
  ///   - features: row-major `[rows × names]`.
  ///   - names: the names of the columns.
  ///   - suffix: what follows each name, such as ` of nodes`.
  ///   - rows: the rows.
  /// - Returns: the extents, in the order of the names: `[names]`.
  public static func extents(
    of features: [Float], names: [String], suffix: String = "", rows: some Sequence<Int>
  ) -> [FeatureExtent] {
    zip(names, FeatureScaling.extents(of: features, count: names.count, rows: rows)).map {
      FeatureExtent(name: $0 + suffix, values: $1)
    }
  }
}

extension FeatureScaling {
  /// Throws unless there are a finite median and a positive interquartile range for each feature.
  ///
  /// - Parameters:
  ///   - count: the number of features.
  ///   - place: where a file has the scaling, for the sentence to begin with.
  /// - Throws: ``PluginError``.
  public func check(count: Int, at place: String) throws {
    guard median.count == count, interquartileRange.count == count, median.allSatisfy(\.isFinite),
      interquartileRange.allSatisfy({ $0.isFinite && $0 > 0 })
    else {
      throw PluginError(
        "\(place) needs a finite median and a positive interquartile range for each of \(count) features.")
    }
  }
}

/// The weights of a stage arranged for its products.
///
/// Whoever changes the parameters packs them again with `pack`. It belongs to one thread at a time.
public protocol StageWeights: AnyObject {
  /// Arranges the weights of `parameters`, whose layout is the same as before.
  func pack(_ parameters: Parameters)
}

/// The weights of stages that read those of the tape.
public final class NoStageWeights: StageWeights {
  /// None.
  public init() {}

  /// Does nothing.
  public func pack(_ parameters: Parameters) {}
}

/// The features of stages that compute nothing from events with the sample.
public struct NoStageFeatures: StageFeatures {
  /// Nothing.
  public struct Scaling: Codable, Sendable {}

  /// Nothing.
  public final class Batch {}

  /// No events.
  public init() {}

  /// Does nothing.
  public mutating func replace(with events: Events, jets: Jets) {}

  /// Does nothing.
  public mutating func append(_ other: NoStageFeatures) {}

  /// Nothing.
  public func scaling(fitting events: [Int], jets: [Int]) -> Scaling { Scaling() }

  /// Anything fits.
  public func check(_ scaling: Scaling, at place: String) {}

  /// Does nothing.
  public mutating func scale(by scaling: Scaling) {}

  /// None.
  public func extents(ofEvents events: [Int], jets: [Int]) -> [FeatureExtent] { [] }

  /// Does nothing.
  public mutating func removeAll() {}

  /// Writes nothing.
  public func write(event: Int, jets: Range<Int>, to record: inout EventRecordWriter) {}

  /// Reads nothing.
  public mutating func append(from record: inout EventRecordReader) {}

  /// Nothing.
  public func makeBatch() -> Batch { Batch() }

  /// Does nothing.
  public func fill(_ batch: Batch, events: [Int], jets: [Int]) {}
}
