// SPDX-License-Identifier: GPL-3.0-or-later

/// The cells of a layer in η and φ, which have numbers.
struct CellGrid: Sendable {
  /// No layer has more cells.
  static let maximumCount = 1 << 24

  /// Cells of one size, on both sides of η = 0.
  struct Region {
    let firstCell: Int
    let minimum: Double
    let maximum: Double
    let etaCount: Int
    let phiCount: Int

    var etaSize: Double { (maximum - minimum) / Double(etaCount) }
    var cellCount: Int { 2 * etaCount * phiCount }
  }

  /// The edges of a cell.
  struct Cell {
    let minimumEta: Double
    let maximumEta: Double
    let minimumPhi: Double
    let maximumPhi: Double

    var eta: Double { 0.5 * (minimumEta + maximumEta) }
    var phi: Double { 0.5 * (minimumPhi + maximumPhi) }
  }

  let regions: [Region]

  init(_ section: CalorimeterSection) {
    var first = 0
    var minimum = 0.0
    regions = section.cells.map { region in
      let (etaCount, phiCount) = Self.counts(region, from: minimum, scale: section.cellScale)
      let made = Region(
        firstCell: first, minimum: minimum, maximum: region.maximumAbsEta, etaCount: etaCount,
        phiCount: phiCount)
      first += made.cellCount
      minimum = region.maximumAbsEta
      return made
    }
  }

  /// What is wrong with the cells of a section, as the end of a sentence; nil if nothing is.
  static func problem(with section: CalorimeterSection) -> String? {
    var total = 0
    var minimum = 0.0
    for region in section.cells {
      let (etaCount, phiCount) = counts(region, from: minimum, scale: section.cellScale)
      total += 2 * etaCount * phiCount
      minimum = region.maximumAbsEta
    }
    return total > maximumCount
      ? "makes \(total) cells; at most \(maximumCount) are simulated, so make them larger" : nil
  }

  private static func counts(
    _ region: CellRegion, from minimum: Double, scale: Double
  ) -> (eta: Int, phi: Int) {
    func count(_ length: Double, _ size: Double) -> Int { max(1, Int((length / (size * scale)).rounded())) }
    return (count(region.maximumAbsEta - minimum, region.etaSize), count(2 * .pi, region.phiSize))
  }

  /// The number of the cell in a direction; nil if there is none.
  ///
  /// - Parameters:
  ///   - eta: the pseudorapidity.
  ///   - phi: the azimuth in [0, 2π).
  /// - Returns: the number.
  func cell(eta: Double, phi: Double) -> Int? {
    let distance = abs(eta)
    // By place, as a search by closure asks for memory if nothing is optimised; there are few regions.
    for region in regions where distance < region.maximum {
      let etaPlace = min(region.etaCount - 1, Int((distance - region.minimum) / region.etaSize))
      let phiPlace = min(region.phiCount - 1, Int(phi / (2 * .pi) * Double(region.phiCount)))
      let side = eta < 0 ? 1 : 0
      return region.firstCell + (2 * etaPlace + side) * region.phiCount + phiPlace
    }
    return nil
  }

  /// The edges of the cell of a number.
  func edges(ofCell cell: Int) -> Cell {
    let region = regions.last { $0.firstCell <= cell }!
    let (row, phiPlace) = (cell - region.firstCell).quotientAndRemainder(dividingBy: region.phiCount)
    let (etaPlace, side) = row.quotientAndRemainder(dividingBy: 2)
    let inner = region.minimum + Double(etaPlace) * region.etaSize
    let outer = region.minimum + Double(etaPlace + 1) * region.etaSize
    let phiSize = 2 * Double.pi / Double(region.phiCount)
    return Cell(
      minimumEta: side == 0 ? inner : -outer, maximumEta: side == 0 ? outer : -inner,
      minimumPhi: Double(phiPlace) * phiSize, maximumPhi: Double(phiPlace + 1) * phiSize)
  }
}
