// SPDX-License-Identifier: GPL-3.0-or-later

/// Trees in the order in which the network works: all leaves first, then all splittings of height 1, and so on.
///
/// The *height* of a node is 0 for a leaf and one more than the higher of its children for a splitting, so
/// that the nodes of one height depend only on those below and are one matrix product. A batch is filled again
/// and again, and belongs to one thread.
public final class TreeBatch {
  /// The number of trees.
  public private(set) var treeCount = 0
  /// The number of features of a node.
  public private(set) var featureCount = 0
  /// The first row of each height, and the number of rows at the end: `[heights + 1]`.
  public private(set) var heightOffsets: [Int] = [0]

  /// The row of the child of larger pT of each splitting: `[rows − leaves]`, from the first splitting.
  var left: UnsafePointer<Int32> { UnsafePointer(leftRows.start) }
  /// The row of the child of smaller pT of each splitting: `[rows − leaves]`, from the first splitting.
  var right: UnsafePointer<Int32> { UnsafePointer(rightRows.start) }
  /// The row of each tree's root: `[trees]`.
  var roots: UnsafePointer<Int32> { UnsafePointer(rootRows.start) }
  /// Scaled features, row-major `[rows × featureCount]`.
  var features: UnsafePointer<Float> { UnsafePointer(featureRows.start) }

  private var leftRows = FlatBuffer<Int32>()
  private var rightRows = FlatBuffer<Int32>()
  private var rootRows = FlatBuffer<Int32>()
  private var featureRows = FlatBuffer<Float>()
  /// The trees that make up the batch: `[trees]`.
  private var selected = FlatBuffer<Int>()
  /// The height of each node, later its row, in the order of the trees: `[nodes]`.
  private var nodes = FlatBuffer<Int32>()
  /// How many nodes have each height, later the next free row of each: `[heights]`.
  private var next = FlatBuffer<Int32>()

  /// A batch without trees.
  public init() {}

  /// The number of nodes of all trees together.
  public var rowCount: Int { heightOffsets[heightOffsets.count - 1] }
  /// The number of leaves of all trees together; they are the first rows.
  public var leafCount: Int { heightOffsets.count > 1 ? heightOffsets[1] : 0 }
  /// The number of splittings of all trees together.
  var splittingCount: Int { rowCount - leafCount }
  /// The heights of splittings, from the lowest.
  var splittingHeights: Range<Int> { 1..<max(heightOffsets.count - 1, 1) }

  /// The splittings of a height, counted from the first splitting of all.
  func splittings(ofHeight height: Int) -> Range<Int> {
    heightOffsets[height] - leafCount..<heightOffsets[height + 1] - leafCount
  }

  /// Replaces the content by consecutive trees of `trees`.
  public func fill(_ trees: FeatureTrees, _ range: Range<Int>) {
    selected.resize(to: range.count)
    for row in 0..<range.count { selected[row] = range.lowerBound + row }
    fill(from: trees)
  }

  /// Replaces the content by some of the trees of `trees`, in the order of `selection`.
  public func fill(_ trees: FeatureTrees, _ selection: ArraySlice<Int>) {
    selected.resize(to: selection.count)
    for row in 0..<selection.count { selected[row] = selection[selection.startIndex + row] }
    fill(from: trees)
  }

  private func fill(from trees: FeatureTrees) {
    treeCount = selected.count
    featureCount = trees.featureCount
    trees.withPointers { source in
      let selection = UnsafeBufferPointer(start: selected.start, count: treeCount)
      var nodeCount = 0
      var largest = 0
      for tree in selection {
        let count = source.offsets[tree + 1] - source.offsets[tree]
        nodeCount += count
        largest = max(largest, count)
      }
      nodes.resize(to: nodeCount)
      // A tree of n leaves has 2n − 1 nodes and at most the height n − 1.
      next.resize(to: max((largest + 1) / 2, 1))
      let heights = countHeights(source, selection)
      heightOffsets.removeAll(keepingCapacity: true)
      heightOffsets.append(0)
      for height in 0..<heights {
        let first = heightOffsets[height]
        heightOffsets.append(first + Int(next[height]))
        next[height] = Int32(first)
      }
      rootRows.resize(to: treeCount)
      leftRows.resize(to: nodeCount - leafCount)
      rightRows.resize(to: nodeCount - leafCount)
      featureRows.resize(to: nodeCount * featureCount)
      place(source, selection)
    }
  }

  /// Finds the height of every node and how many nodes have each; returns the number of heights.
  private func countHeights(_ source: FeatureTrees.Pointers, _ selection: UnsafeBufferPointer<Int>) -> Int {
    let next = next.start
    next[0] = 0
    var height = nodes.start
    var heights = 1
    for tree in selection {
      let start = source.offsets[tree]
      let count = source.offsets[tree + 1] - start
      let left = source.left + start
      let right = source.right + start
      // A tree begins with leaves, usually with all of them.
      var leaves = 0
      while leaves < count && left[leaves] < 0 {
        height[leaves] = 0
        leaves += 1
      }
      next[0] += Int32(leaves)
      for node in leaves..<count {
        let child = Int(left[node])
        let value = child < 0 ? 0 : 1 + max(height[child], height[Int(right[node])])
        height[node] = value
        if value >= heights {
          next[heights] = 0
          heights += 1
        }
        next[Int(value)] += 1
      }
      height += count
    }
    return heights
  }

  /// Gives every node its row, and copies links and features there.
  private func place(_ source: FeatureTrees.Pointers, _ selection: UnsafeBufferPointer<Int>) {
    let leaves = leafCount
    let width = featureCount
    let next = next.start
    let features = featureRows.start
    let leftRows = leftRows.start
    let rightRows = rightRows.start
    let rootRows = rootRows.start
    var rows = nodes.start
    var root = 0
    for tree in selection {
      let start = source.offsets[tree]
      let count = source.offsets[tree + 1] - start
      let left = source.left + start
      let right = source.right + start
      var from = source.features + start * width
      let firstLeaf = next[0]
      var leavesInFront = 0
      while leavesInFront < count && rows[leavesInFront] == 0 {
        rows[leavesInFront] = firstLeaf + Int32(leavesInFront)
        leavesInFront += 1
      }
      next[0] += Int32(leavesInFront)
      (features + Int(firstLeaf) * width).update(from: from, count: leavesInFront * width)
      from += leavesInFront * width
      for node in leavesInFront..<count {
        let height = Int(rows[node])
        let row = Int(next[height])
        next[height] += 1
        rows[node] = Int32(row)
        (features + row * width).update(from: from, count: width)
        from += width
        if height > 0 {
          leftRows[row - leaves] = rows[Int(left[node])]
          rightRows[row - leaves] = rows[Int(right[node])]
        }
      }
      rootRows[root] = rows[count - 1]
      root += 1
      rows += count
    }
  }
}
