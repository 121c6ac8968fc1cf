// SPDX-License-Identifier: GPL-3.0-or-later

import Support

extension Gnuplot {
  /// The part of a script that draws one figure, as PNG and as SVG.
  ///
  /// - Parameters:
  ///   - name: the name of the files without their ends.
  ///   - commands: what is drawn.
  /// - Returns: the part of the script.
  package static func figure(_ name: String, _ commands: String) -> String {
    """

    do for [format in 'png svg'] {
      if (format eq 'png') {
        set terminal pngcairo size 1600,1200 fontscale 2.1 linewidth 2 font 'sans'
      } else {
        \(svgTerminal)
      }
      set output '\(name).'.format
    \(commands.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
      unset output
    }

    """
  }

  /// A text as a gnuplot string in single quotes, in which nothing but the quote is special; an apostrophe
  /// becomes the typographic one.
  package static func quoted(_ text: String) -> String {
    "'\(text.printable.replacing("'", with: "’"))'"
  }
}
