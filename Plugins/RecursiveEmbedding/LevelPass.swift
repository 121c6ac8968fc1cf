// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// A cell over a batch of trees by its definition: all leaves, then the splittings of one height after another.
enum LevelPass {
  static func record(
    _ cell: any RecursiveCell, _ trees: TreeBatch, featureCount: Int, on tape: Tape
  ) -> Variable {
    let heights = trees.splittingHeights
    var levels = Levels(trees, heights.upperBound, stateWidth: cell.stateWidth, on: tape)
    func features(_ first: Int, _ count: Int) -> Variable {
      let rows = tape.constant(rows: count, columns: featureCount)
      rows.values.baseAddress!.update(from: trees.features + first * featureCount, count: rows.count)
      return rows
    }
    levels.append(cell.leaves(features(0, trees.leafCount)), rows: trees.leafCount)
    for height in heights {
      let range = trees.splittings(ofHeight: height)
      levels.append(
        cell.splittings(
          left: levels.gather(trees.left + range.lowerBound, range.count),
          right: levels.gather(trees.right + range.lowerBound, range.count),
          features(trees.leafCount + range.lowerBound, range.count)),
        rows: range.count)
    }
    let roots = levels.gather(trees.roots, trees.treeCount)
    return cell.stateWidth == cell.width ? roots : roots.columns(0..<cell.width)
  }
}

/// The states of all finished heights, from which the next one takes its children's.
private struct Levels {
  private let tape: Tape
  private let stateWidth: Int
  /// The first row of each height: `[heights + 1]`.
  private let offsets: UnsafeMutableBufferPointer<Int32>
  private let states: UnsafeMutableBufferPointer<Variable.ID>
  private var count = 0

  init(_ trees: TreeBatch, _ heights: Int, stateWidth: Int, on tape: Tape) {
    self.tape = tape
    self.stateWidth = stateWidth
    offsets = tape.scratch(Int32.self, count: heights + 1)
    states = tape.scratch(Variable.ID.self, count: heights)
    offsets[0] = 0
  }

  mutating func append(_ state: Variable, rows: Int) {
    precondition(
      state.rows == rows && state.columns == stateWidth,
      "a cell gave states of \(state.rows) × \(state.columns) for \(rows) nodes of width \(stateWidth)")
    states[count] = state.id
    offsets[count + 1] = offsets[count] + Int32(rows)
    count += 1
  }

  /// Rows by their number among all nodes: `[rows × stateWidth]`.
  func gather(_ rows: UnsafePointer<Int32>, _ rowCount: Int) -> Variable {
    let result = tape.record(
      rows: rowCount, columns: stateWidth, requiresGradient: true, LevelGathering(levels: self, rows: rows))
    let y = tape.values(of: result.id)
    for row in 0..<rowCount {
      let (state, place) = place(of: rows[row])
      (y + row * stateWidth).update(from: tape.values(of: state) + place * stateWidth, count: stateWidth)
    }
    return result
  }

  /// Adds the gradients of gathered rows to those of the states.
  func scatter(_ upstream: UnsafePointer<Float>, _ rows: UnsafePointer<Int32>, _ rowCount: Int) {
    for row in 0..<rowCount {
      let (state, place) = place(of: rows[row])
      guard let gradient = tape.gradient(of: state) else { continue }
      for i in 0..<stateWidth { gradient[place * stateWidth + i] += upstream[row * stateWidth + i] }
    }
  }

  /// The height of a row, and its place there.
  private func place(of row: Int32) -> (state: Variable.ID, place: Int) {
    var (low, high) = (0, count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if offsets[middle] <= row { low = middle } else { high = middle }
    }
    return (states[low], Int(row - offsets[low]))
  }
}

private struct LevelGathering: TapeOperation {
  let levels: Levels
  let rows: UnsafePointer<Int32>

  func backward(from result: Variable.ID, on tape: Tape) {
    levels.scatter(tape.gradient(of: result)!, rows, tape.shape(of: result).rows)
  }
}
