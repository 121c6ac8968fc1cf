// SPDX-License-Identifier: GPL-3.0-or-later

/// Jet finding with FastJet (arXiv:1111.6097) over flat arrays.
///
/// A workspace is made from one task and then fed batches of events. Everything it gives out belongs to it and
/// stays valid until its next call. Workspaces are independent: each may be used by one thread at a time, and
/// any number of threads may use one each, without a lock (see ProcessState.hpp for why that is safe).
///
/// Four-momenta are (px, py, pz, E) in GeV. No function lets a C++ exception out, and none prints.

#ifndef CANOPY_CFASTJET_H
#define CANOPY_CFASTJET_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The largest absolute value of a component of a four-momentum in GeV: the squares of sums of anything larger would
/// overflow.
static const double cfastjet_largest_component = 1e50;

/// The sequential recombination algorithms.
typedef enum CFastJetAlgorithm {
  /// The longitudinally invariant kT algorithm.
  CFastJetKt = 0,
  /// The Cambridge/Aachen algorithm.
  CFastJetCambridge = 1,
  /// The anti-kT algorithm.
  CFastJetAntiKt = 2,
  /// The generalised kT algorithm of power p.
  CFastJetGenKt = 3,
  /// The e⁺e⁻ kT (Durham) algorithm; it has no radius.
  CFastJetEEKt = 4,
  /// The e⁺e⁻ generalised kT algorithm of power p.
  CFastJetEEGenKt = 5
} CFastJetAlgorithm;

/// How two pseudojets become one.
typedef enum CFastJetScheme {
  /// Sum of four-momenta.
  CFastJetSchemeE = 0,
  /// Massless, directions weighted by pT.
  CFastJetSchemePt = 1,
  /// Massless, directions weighted by pT².
  CFastJetSchemePt2 = 2,
  /// As pT, with |p| set to E beforehand.
  CFastJetSchemeEt = 3,
  /// As pT², with |p| set to E beforehand.
  CFastJetSchemeEt2 = 4,
  /// Directions weighted by pT, nothing done beforehand.
  CFastJetSchemeBIPt = 5,
  /// Directions weighted by pT², nothing done beforehand.
  CFastJetSchemeBIPt2 = 6,
  /// The direction of the larger pT takes all.
  CFastJetSchemeWTAPt = 7,
  /// The direction of the larger |p| takes all.
  CFastJetSchemeWTAModp = 8
} CFastJetScheme;

/// Which steps of the clustering are jets.
typedef enum CFastJetSelection {
  /// What recombines with the beam, at or above a pT.
  CFastJetInclusive = 0,
  /// The jets that exist when their number has fallen to a given one.
  CFastJetExclusiveJets = 1,
  /// The jets that exist when no distance is at or below a cut.
  CFastJetExclusiveCut = 2
} CFastJetSelection;

/// What a workspace does with every event.
typedef struct CFastJetTask {
  /// The algorithm that finds the jets.
  CFastJetAlgorithm algorithm;
  /// The recombination scheme, of the jets and of their trees.
  CFastJetScheme scheme;
  /// The jet radius, from 1e-6 to FastJet's largest, 1000; ignored by the Durham algorithm.
  double radius;
  /// The power p of the generalised algorithms; ignored by the others.
  double power;
  /// Which steps of the clustering are jets.
  CFastJetSelection selection;
  /// Inclusive: the smallest pT of a jet in GeV, also for e⁺e⁻ algorithms, as FastJet's inclusive_jets has it.
  double minimum_pt;
  /// Exclusive by number: how many jets, at least 1. An event of fewer particles has each of them as a jet.
  int32_t exclusive_jets;
  /// Exclusive by distance: the largest distance that is still joined, at least 0.
  double exclusive_cut;
  /// The largest |rapidity| of a jet; infinity for no limit.
  double maximum_abs_rapidity;
  /// How many jets of each event are kept, the hardest first; INT64_MAX for all.
  int64_t leading;
  /// Whether each jet comes with its binary tree.
  bool trees;
  /// Whether the tree comes from clustering the jet's constituents again, at FastJet's largest radius.
  bool recluster;
  /// The algorithm of that second clustering.
  CFastJetAlgorithm recluster_algorithm;
} CFastJetTask;

/// The particles of consecutive events.
typedef struct CFastJetEvents {
  /// The number of events.
  int64_t count;
  /// The first particle of each event, and the number of particles at the end, not decreasing: [events + 1].
  const int64_t *offsets;
  /// Momenta and energies: [particles] each.
  const double *px, *py, *pz, *energy;
} CFastJetEvents;

/// The jets of a batch of events.
///
/// Particles whose components are all 0 belong to no jet. Jets of an event are sorted by falling pT (falling
/// E for e⁺e⁻ algorithms), and if those are equal, by rising place in the clustering history. Constituents
/// are in rising order. Nodes of a tree are numbered from 0 within the jet: the leaves in the order of the
/// constituents, then the splittings as clustering made them; the root is last. If reclustering ends in
/// several pieces (momenta along the beam are further from the others than any radius), these are joined in
/// the order in which the algorithm ended them, each join at the distance to the beam at which the earlier
/// piece ended: every jet has one root.
typedef struct CFastJetJets {
  /// The number of jets.
  int64_t count;
  /// The first jet of each event, and the number of jets at the end: [events + 1].
  const int64_t *offsets;
  /// Four-momenta of the jets: [jets] each.
  const double *px, *py, *pz, *energy;
  /// The first constituent of each jet, and the number of constituents at the end: [jets + 1].
  const int64_t *constituent_offsets;
  /// Particles, counted from the first of their event: [constituents].
  const int32_t *constituents;
  /// The first node of each jet, and the number of nodes at the end: [jets + 1]; null without trees.
  const int64_t *node_offsets;
  /// The child of larger pT (larger E for e⁺e⁻ algorithms; of two equals the lower number) and the other;
  /// −1 for a leaf: [nodes] each.
  const int32_t *left, *right;
  /// Four-momenta of the nodes: [nodes] each.
  const double *node_px, *node_py, *node_pz, *node_energy;
  /// The distance d_ij at which the children were joined, 0 for a leaf: [nodes].
  const double *merge_scale;
} CFastJetJets;

/// The clustering histories of a batch of events, as FastJet's ClusterSequence::history() has them.
///
/// An event of n particles has 2n entries: its particles, then the n steps of its clustering. Particles whose
/// components are all 0 join the beam first, at distance 0; joins of large groups of exactly one direction follow.
typedef struct CFastJetHistories {
  /// The first entry of each event, and the number of entries at the end: [events + 1].
  const int64_t *offsets;
  /// The entries that were joined, counted within the event; −2 for a particle: [entries] each. The second is
  /// −1 if the first was joined with the beam.
  const int32_t *parent1, *parent2;
  /// The distance of the step, 0 for a particle: [entries].
  const double *distance;
  /// The largest distance up to this step: [entries].
  const double *maximum_distance;
  /// The four-momentum of what the step made, or of what it joined with the beam: [entries] each.
  const double *px, *py, *pz, *energy;
} CFastJetHistories;

/// What went wrong.
typedef enum CFastJetStatus {
  /// Nothing.
  CFastJetSuccess = 0,
  /// The task cannot be done; the message says which value and why.
  CFastJetBadTask = 1,
  /// A component of a particle is not finite, out of range, or a negative energy.
  CFastJetBadParticle = 2,
  /// An event cannot be clustered.
  CFastJetBadEvent = 3,
  /// There is not enough memory.
  CFastJetNoMemory = 4
} CFastJetStatus;

/// A component of a four-momentum.
typedef enum CFastJetComponent { CFastJetPx = 0, CFastJetPy = 1, CFastJetPz = 2, CFastJetEnergy = 3 } CFastJetComponent;

/// Where and why a call failed.
typedef struct CFastJetFailure {
  /// The event, counted from the first of the batch; −1 if no event is to blame.
  int64_t event;
  /// The particle, counted from the first of its event; −1 if no particle is to blame.
  int64_t particle;
  /// The component of that particle.
  CFastJetComponent component;
  /// The reason, a part of a sentence, ending in a null character.
  char message[256];
} CFastJetFailure;

/// One task with the memory it works in.
typedef struct CFastJetWorkspace CFastJetWorkspace;

/// Makes a workspace for `task`, or returns null and fills `failure`.
CFastJetWorkspace *cfastjet_workspace_create(const CFastJetTask *task, CFastJetFailure *failure);

/// Frees a workspace and everything it gave out; null is allowed.
void cfastjet_workspace_destroy(CFastJetWorkspace *workspace);

/// Finds the jets of `events`. On failure `jets` is left alone and `failure` filled.
CFastJetStatus cfastjet_find_jets(CFastJetWorkspace *workspace, const CFastJetEvents *events, CFastJetJets *jets,
                                  CFastJetFailure *failure);

/// Clusters `events` and gives the whole histories. On failure `histories` is left alone and `failure` filled.
CFastJetStatus cfastjet_find_histories(CFastJetWorkspace *workspace, const CFastJetEvents *events,
                                       CFastJetHistories *histories, CFastJetFailure *failure);

/// Clusters `events` as a C++ program that uses FastJet directly does: PseudoJets, a ClusterSequence, its
/// jets and, if the task reclusters, a ClusterSequence of the constituents of each. No history, tree or
/// constituent is extracted. It is what `canopy bench` measures this interface against.
///
/// Returns the sum of the pT of the jets and of what their constituents recluster to, so that nothing is optimised
/// away; NaN if FastJet fails.
double cfastjet_cluster_plainly(const CFastJetTask *task, const CFastJetEvents *events);

/// FastJet's version, such as "3.4.0".
const char *cfastjet_version(void);

/// What FastJet asks its users to cite, on one line.
const char *cfastjet_citation(void);

#ifdef __cplusplus
}
#endif

#endif
