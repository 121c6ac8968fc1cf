// SPDX-License-Identifier: GPL-3.0-or-later

#include "ProcessState.hpp"

#include <fastjet/ClusterSequence.hh>
#include <fastjet/Error.hh>
#include <fastjet/LimitedWarning.hh>

void canopy::settle_fastjet() {
  // The initialisation of a function-local static runs once, and other threads wait for it.
  static const bool settled = [] {
    fastjet::ClusterSequence::set_fastjet_banner_stream(nullptr);
    fastjet::ClusterSequence::print_banner();
    fastjet::Error::set_print_errors(false);
    fastjet::Error::set_default_stream(nullptr);
    fastjet::LimitedWarning::set_default_stream(nullptr);
    return true;
  }();
  static_cast<void>(settled);
}
