// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

namespace canopy {

/// Brings FastJet's process-wide state to rest; called before the first clustering of every workspace.
///
/// Debian builds FastJet without FASTJET_HAVE_LIMITED_THREAD_SAFETY. What that leaves shared between cluster
/// sequences, and why workspaces on several threads are nevertheless independent:
///
/// - ClusterSequence::_first_time, a plain bool that the first clustering clears after printing the banner. It
///   is cleared here, once; afterwards it is only read.
/// - The default streams and flags of Error, LimitedWarning and the banner, plain statics. They are written
///   here, once; afterwards they are only read. Streams are null, so no thread ever writes to one.
/// - LimitedWarning::warn changes a counter and a global list without a lock. Core clustering warns in two
///   cases: in ClusterSequence::exclusive_jets for algorithms such as anti-kT, which Workspace never calls
///   because it reads exclusive jets off the history, and if a strategy that is asked for by name does not
///   suit the radius, which cannot happen with Strategy Best.
/// - SharedPtr counts without atomics, and PseudoJet computes its rapidity and azimuth late into mutable members.
///   A workspace owns its jet definitions, input PseudoJets and cluster sequences, and hands out plain numbers;
///   none of them is ever reached from two threads.
/// - Function-local statics, such as the tables of ClusterSequence::_best_strategy, are constants that C++
///   initialises safely.
void settle_fastjet();

}  // namespace canopy
