// SPDX-License-Identifier: GPL-3.0-or-later

#include "CFastJet.h"

#include <cstdio>
#include <new>
#include <string>

#include "Workspace.hpp"

namespace {

CFastJetStatus report(CFastJetFailure *failure, CFastJetStatus status, const char *message) {
  failure->event = -1;
  failure->particle = -1;
  failure->component = CFastJetPx;
  std::snprintf(failure->message, sizeof failure->message, "%s", message);
  return status;
}

// Runs `body`; whatever it throws becomes a status and a message.
template <typename Body>
CFastJetStatus guarded(CFastJetFailure *failure, CFastJetStatus otherwise, Body body) {
  try {
    body();
    return CFastJetSuccess;
  } catch (const canopy::Failure &thrown) {
    report(failure, thrown.status, thrown.what());
    failure->event = thrown.event;
    failure->particle = thrown.particle;
    failure->component = thrown.component;
    return thrown.status;
  } catch (const fastjet::Error &error) {
    return report(failure, otherwise, error.message().c_str());
  } catch (const std::bad_alloc &) {
    return report(failure, CFastJetNoMemory, "there is not enough memory");
  } catch (const std::exception &exception) {
    return report(failure, otherwise, exception.what());
  } catch (...) {
    return report(failure, otherwise, "FastJet failed without a reason");
  }
}

}  // namespace

extern "C" {

CFastJetWorkspace *cfastjet_workspace_create(const CFastJetTask *task, CFastJetFailure *failure) {
  CFastJetWorkspace *workspace = nullptr;
  guarded(failure, CFastJetBadTask, [&] { workspace = new CFastJetWorkspace(*task); });
  return workspace;
}

void cfastjet_workspace_destroy(CFastJetWorkspace *workspace) { delete workspace; }

CFastJetStatus cfastjet_find_jets(CFastJetWorkspace *workspace, const CFastJetEvents *events, CFastJetJets *jets,
                                  CFastJetFailure *failure) {
  return guarded(failure, CFastJetBadEvent, [&] { workspace->find_jets(*events, *jets); });
}

CFastJetStatus cfastjet_find_histories(CFastJetWorkspace *workspace, const CFastJetEvents *events,
                                       CFastJetHistories *histories, CFastJetFailure *failure) {
  return guarded(failure, CFastJetBadEvent, [&] { workspace->find_histories(*events, *histories); });
}

const char *cfastjet_version(void) {
  // "FastJet version 3.4.0", of the library that is running.
  static const std::string sentence = fastjet::fastjet_version_string();
  return sentence.c_str() + sentence.find_last_of(' ') + 1;
}

const char *cfastjet_citation(void) {
  return "M. Cacciari, G.P. Salam and G. Soyez, Eur. Phys. J. C72 (2012) 1896 [arXiv:1111.6097]; "
         "M. Cacciari and G.P. Salam, Phys. Lett. B641 (2006) 57 [hep-ph/0512210]";
}

}  // extern "C"
