// SPDX-License-Identifier: GPL-3.0-or-later

import CFastJet

/// The credit that FastJet asks for, in place of the banner that it would print.
public enum FastJetCredit {
  /// The version of the FastJet library that is running, such as `3.4.0`.
  public static var version: String { String(cString: cfastjet_version()) }

  /// The publications to cite for work done with FastJet, on one line.
  public static var citation: String { String(cString: cfastjet_citation()) }
}
