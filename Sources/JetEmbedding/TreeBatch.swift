// SPDX-License-Identifier: GPL-3.0-or-later

/// Trees in the order in which the network works: all leaves first, then all splittings of height 1, and so on.
///
/// The *height* of a node is 0 for a leaf and one more than the higher of its children for a splitting, so
/// that the nodes of one height depend only on those below and are one matrix product. A batch is filled again
/// and again, and belongs to one thread.
public final class TreeBatch {
  /// The first row of each height, and the number of rows at the end: `[heights + 1]`.
  public private(set) var heightOffsets: [Int] = [0]
  /// The row of the child of larger pT of each splitting: `[rows − leaves]`, from the first splitting.
  public private(set) var left: [Int32] = []
  /// The row of the child of smaller pT of each splitting: `[rows − leaves]`, from the first splitting.
  public private(set) var right: [Int32] = []
  /// The row of each tree's root: `[trees]`.
  public private(set) var roots: [Int32] = []
  /// Scaled features, row-major `[rows × featureCount]`.
  public private(set) var features: [Float] = []
  /// The number of features of a node.
  public private(set) var featureCount = 0

  private var heights: [Int32] = []
  private var rows: [Int32] = []
  private var next: [Int] = []

  /// A batch without trees.
  public init() {}

  /// The number of trees.
  public var treeCount: Int { roots.count }
  /// The number of nodes of all trees together.
  public var rowCount: Int { heightOffsets[heightOffsets.count - 1] }
  /// The number of leaves of all trees together; they are the first rows.
  public var leafCount: Int { heightOffsets.count > 1 ? heightOffsets[1] : 0 }
  /// The heights of splittings, from the lowest.
  var splittingHeights: Range<Int> { 1..<max(heightOffsets.count - 1, 1) }

  /// Calls `body` with the links and features, none of which may be read in a batch without splittings.
  func withLinks(
    _ body: (
      _ left: UnsafePointer<Int32>, _ right: UnsafePointer<Int32>, _ features: UnsafePointer<Float>
    ) -> Void
  ) {
    left.withUnsafeBufferPointer { left in
      right.withUnsafeBufferPointer { right in
        features.withUnsafeBufferPointer { features in
          guard let left = left.baseAddress, let right = right.baseAddress,
            let features = features.baseAddress
          else { return }
          body(left, right, features)
        }
      }
    }
  }

  /// Replaces the content by some of the trees of `trees`, in the order of `selection`.
  public func fill(_ trees: FeatureTrees, _ selection: some Collection<Int>) {
    featureCount = trees.featureCount
    var nodeCount = 0
    for tree in selection { nodeCount += trees.offsets[tree + 1] - trees.offsets[tree] }
    heights.resize(to: nodeCount)
    rows.resize(to: nodeCount)
    roots.resize(to: selection.count)
    features.resize(to: nodeCount * featureCount)
    next.removeAll(keepingCapacity: true)

    // The height of every node, and how many nodes have each.
    trees.left.withUnsafeBufferPointer { left in
      trees.right.withUnsafeBufferPointer { right in
        heights.withUnsafeMutableBufferPointer { heights in
          var first = 0
          for tree in selection {
            let start = trees.offsets[tree]
            let count = trees.offsets[tree + 1] - start
            for node in 0..<count {
              let child = Int(left[start + node])
              let height =
                child < 0
                ? 0 : 1 + max(heights[first + child], heights[first + Int(right[start + node])])
              heights[first + node] = height
              while next.count <= Int(height) { next.append(0) }
              next[Int(height)] += 1
            }
            first += count
          }
        }
      }
    }

    heightOffsets.resize(to: next.count + 1)
    heightOffsets[0] = 0
    for height in next.indices {
      heightOffsets[height + 1] = heightOffsets[height] + next[height]
      next[height] = heightOffsets[height]
    }
    left.resize(to: nodeCount - leafCount)
    right.resize(to: nodeCount - leafCount)
    place(trees, selection)
  }

  /// Gives every node its row, and copies links and features there.
  private func place(_ trees: FeatureTrees, _ selection: some Collection<Int>) {
    let leaves = leafCount
    let width = featureCount
    features.withUnsafeMutableBufferPointer { features in
      trees.features.withUnsafeBufferPointer { source in
        rows.withUnsafeMutableBufferPointer { rows in
          var first = 0
          for (position, tree) in selection.enumerated() {
            let start = trees.offsets[tree]
            let count = trees.offsets[tree + 1] - start
            for node in 0..<count {
              let height = Int(heights[first + node])
              let row = next[height]
              next[height] += 1
              rows[first + node] = Int32(row)
              for column in 0..<width {
                features[row * width + column] = source[(start + node) * width + column]
              }
              if height > 0 {
                left[row - leaves] = rows[first + Int(trees.left[start + node])]
                right[row - leaves] = rows[first + Int(trees.right[start + node])]
              }
            }
            roots[position] = rows[first + count - 1]
            first += count
          }
        }
      }
    }
  }
}
