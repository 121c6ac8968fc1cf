// SPDX-License-Identifier: GPL-3.0-or-later

/// Four-momenta as flat arrays, one array per component, in GeV.
///
/// ```swift
/// var momenta = FourMomenta()
/// momenta.append(FourMomentum(px: 3, py: 4, pz: 0, energy: 5))
/// print(momenta[0].pt)  // 5.0
/// ```
public struct FourMomenta: Sendable, Equatable {
  /// Momentum along x in GeV: `[momenta]`.
  public var px: [Double]
  /// Momentum along y in GeV: `[momenta]`.
  public var py: [Double]
  /// Momentum along the beam in GeV: `[momenta]`.
  public var pz: [Double]
  /// Energy in GeV: `[momenta]`.
  public var energy: [Double]

  /// Four-momenta of these components; none unless given.
  public init(px: [Double] = [], py: [Double] = [], pz: [Double] = [], energy: [Double] = []) {
    self.px = px
    self.py = py
    self.pz = pz
    self.energy = energy
  }

  /// The four-momenta of a sequence.
  public init(_ momenta: some Sequence<FourMomentum>) {
    self.init()
    for momentum in momenta { append(momentum) }
  }

  /// Adds a momentum.
  public mutating func append(_ momentum: FourMomentum) {
    px.append(momentum.px)
    py.append(momentum.py)
    pz.append(momentum.pz)
    energy.append(momentum.energy)
  }

  /// Adds some of the momenta of another collection.
  public mutating func append(contentsOf other: FourMomenta, _ range: Range<Int>) {
    px.append(contentsOf: other.px[range])
    py.append(contentsOf: other.py[range])
    pz.append(contentsOf: other.pz[range])
    energy.append(contentsOf: other.energy[range])
  }

  /// Forgets all momenta and keeps the storage.
  public mutating func removeAll() {
    px.removeAll(keepingCapacity: true)
    py.removeAll(keepingCapacity: true)
    pz.removeAll(keepingCapacity: true)
    energy.removeAll(keepingCapacity: true)
  }

  /// Removes the last `count` momenta.
  public mutating func removeLast(_ count: Int) {
    px.removeLast(count)
    py.removeLast(count)
    pz.removeLast(count)
    energy.removeLast(count)
  }

  /// Makes room for `capacity` momenta.
  public mutating func reserveCapacity(_ capacity: Int) {
    px.reserveCapacity(capacity)
    py.reserveCapacity(capacity)
    pz.reserveCapacity(capacity)
    energy.reserveCapacity(capacity)
  }

  /// Leaves out the momenta for which `isKept` `[momenta]` is false, and keeps the storage.
  public mutating func keep(_ isKept: [Bool]) {
    px.keep(isKept)
    py.keep(isKept)
    pz.keep(isKept)
    energy.keep(isKept)
  }

  /// The components by the names that they have in files: `px`, `py`, `pz` and `E`.
  public var namedComponents: [(name: String, values: [Double])] {
    [("px", px), ("py", py), ("pz", pz), ("E", energy)]
  }
}

extension FourMomenta: RandomAccessCollection, MutableCollection {
  /// 0.
  public var startIndex: Int { 0 }
  /// The number of momenta.
  public var endIndex: Int { energy.count }

  /// One of the momenta.
  public subscript(index: Int) -> FourMomentum {
    get { FourMomentum(px: px[index], py: py[index], pz: pz[index], energy: energy[index]) }
    set {
      px[index] = newValue.px
      py[index] = newValue.py
      pz[index] = newValue.pz
      energy[index] = newValue.energy
    }
  }
}

extension Array {
  /// Leaves out the elements for which `isKept` is false.
  mutating func keep(_ isKept: [Bool]) {
    var kept = 0
    for place in indices where isKept[place] {
      self[kept] = self[place]
      kept += 1
    }
    removeLast(count - kept)
  }
}
