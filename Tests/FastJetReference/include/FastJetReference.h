// SPDX-License-Identifier: GPL-3.0-or-later

/// FastJet's own C++ interface, called directly: what the tests hold CFastJet against.
///
/// It shares no code with CFastJet, and prefers FastJet's member functions to reading its history. Algorithms and
/// schemes are FastJet's own enumerators. A reference clusters one event; calls print to standard error and end
/// the process where FastJet throws.

#ifndef CANOPY_FASTJET_REFERENCE_H
#define CANOPY_FASTJET_REFERENCE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One event, clustered.
typedef struct FastJetReference FastJetReference;

/// Clusters `count` particles, given as (px, py, pz, E) each.
FastJetReference *fastjet_reference_create(const double *momenta, int32_t count, int32_t algorithm, double radius,
                                           double power, int32_t scheme);

/// Frees a reference.
void fastjet_reference_destroy(FastJetReference *reference);

/// Makes the sorted inclusive jets of at least `minimum_pt` the jets, and returns their number.
int32_t fastjet_reference_inclusive(FastJetReference *reference, double minimum_pt);

/// Makes the sorted exclusive jets, `count` or as many as there are particles, the jets; returns their number.
int32_t fastjet_reference_exclusive_jets(FastJetReference *reference, int32_t count);

/// Makes the sorted exclusive jets at `cut` the jets, and returns their number.
int32_t fastjet_reference_exclusive_cut(FastJetReference *reference, double cut);

/// The four-momentum of jet `jet`.
void fastjet_reference_jet(const FastJetReference *reference, int32_t jet, double momentum[4]);

/// The rapidity, azimuth, mass, pseudorapidity and polar angle of jet `jet`.
void fastjet_reference_kinematics(const FastJetReference *reference, int32_t jet, double kinematics[5]);

/// Writes the constituents of jet `jet` in rising order, and returns their number.
int32_t fastjet_reference_constituents(const FastJetReference *reference, int32_t jet, int32_t *constituents);

/// One node of a tree: its children, its momentum and the distance at which they were joined.
typedef struct FastJetReferenceNode {
  int32_t left, right;
  double momentum[4];
  double merge_scale;
} FastJetReferenceNode;

/// Writes the tree of jet `jet` by following `has_parents`, and returns the number of nodes.
int32_t fastjet_reference_tree(const FastJetReference *reference, int32_t jet, FastJetReferenceNode *nodes);

/// Writes the tree of jet `jet` after clustering its constituents anew with the largest radius, and returns the
/// number of nodes, or 0 where that left several pieces.
int32_t fastjet_reference_reclustered_tree(const FastJetReference *reference, int32_t jet, int32_t algorithm,
                                           double power, FastJetReferenceNode *nodes);

/// Compares the history with `count` entries that begin at `first` of the arrays, as `ClusteringHistories` has
/// them, and returns how many entries differ: in a parent, or in a distance or momentum by more than `tolerance` of
/// the distance or the energy.
int32_t fastjet_reference_differing_entries(const FastJetReference *reference, int64_t first, int64_t count,
                                            const int32_t *parent1, const int32_t *parent2, const double *distance,
                                            const double *maximum_distance, const double *px, const double *py,
                                            const double *pz, const double *energy, double tolerance);

#ifdef __cplusplus
}
#endif

#endif
