// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <fastjet/PseudoJet.hh>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "CFastJet.h"
#include "Clustering.hpp"
#include "ClusteringMemory.hpp"
#include "DegenerateRecombiner.hpp"

namespace canopy {

/// A failure on its way to the C interface.
struct Failure : std::runtime_error {
  Failure(CFastJetStatus status, const std::string &message) : std::runtime_error(message), status(status) {}

  CFastJetStatus status;
  int64_t event = -1;
  int64_t particle = -1;
  CFastJetComponent component = CFastJetPx;
};

/// A jet definition in two forms: FastJet's own, and one for events with momenta that need care.
class Definition {
 public:
  Definition(CFastJetAlgorithm algorithm, double radius, double power, CFastJetScheme scheme);
  // The careful form points to the recombiner, so that a copy would point into the original.
  Definition(const Definition &) = delete;
  Definition &operator=(const Definition &) = delete;

  const fastjet::JetDefinition &get(bool careful) const { return careful ? careful_ : plain_; }
  const DegenerateRecombiner &recombiner() const { return recombiner_; }

 private:
  DegenerateRecombiner recombiner_;
  fastjet::JetDefinition plain_;
  fastjet::JetDefinition careful_;
};

/// Four-momenta as one array for each component, with room for at least as many as asked for.
struct Momenta {
  std::vector<double> px, py, pz, energy;

  void grow_to(size_t count);
  void set(size_t index, const fastjet::PseudoJet &momentum);
};

}  // namespace canopy

/// The task of one thread, and memory that is kept from call to call.
struct CFastJetWorkspace {
 public:
  explicit CFastJetWorkspace(const CFastJetTask &task);

  void find_jets(const CFastJetEvents &events, CFastJetJets &jets);
  void find_histories(const CFastJetEvents &events, CFastJetHistories &histories);

 private:
  // The input.
  template <typename Body>
  void for_each_event(const CFastJetEvents &events, Body body);
  void load(const CFastJetEvents &events, int64_t event);

  // The jets of one event.
  void add_jets(const canopy::Clustering &clustering);
  void select_inclusive(const canopy::Clustering &clustering);
  void select_exclusive(const canopy::Clustering &clustering);
  void consider(const canopy::Clustering &clustering, int entry);
  void sort_selected();
  void claim_entries(const canopy::Clustering &clustering);
  void add_constituents(size_t particles);

  // The trees of one event.
  void reserve_nodes();
  void fill_trees(const canopy::Clustering &clustering);
  void fill_reclustered_tree(const canopy::Clustering &event, size_t jet);
  void set_leaf(size_t node, const fastjet::PseudoJet &momentum);
  void set_splitting(size_t first_node, int32_t node, int32_t child1, int32_t child2, double scale,
                     const fastjet::PseudoJet &momentum);

  // The history of one event.
  void add_history(const canopy::Clustering &clustering);

  CFastJetTask task_;
  bool spherical_;
  canopy::Definition definition_;
  std::optional<canopy::Definition> reclustering_;
  canopy::ClusteringMemory memory_;
  canopy::CoincidentParticles coincident_;

  // One event: its particles without padding, the place of each in the event, how many the event has with padding,
  // whether they need care, and its jets as (hardness, history entry).
  std::vector<fastjet::PseudoJet> particles_;
  std::vector<int32_t> places_;
  size_t places_end_ = 0;
  bool careful_ = false;
  std::vector<std::pair<double, int>> selected_;
  // For each history entry the jet that it belongs to, or −1, and its number within that jet.
  std::vector<int32_t> owner_, number_;
  // For each jet of the event how many of its constituents, later of its nodes, have a number.
  std::vector<int32_t> numbered_;
  // One jet: its constituents, and the entries in which reclustering ended.
  std::vector<fastjet::PseudoJet> constituents_of_jet_;
  std::vector<int> ends_;

  // The jets of the batch.
  std::vector<int64_t> offsets_, constituent_offsets_, node_offsets_;
  std::vector<int32_t> constituents_, left_, right_;
  std::vector<double> merge_scale_;
  canopy::Momenta jets_, nodes_;

  // The histories of the batch.
  std::vector<int64_t> entry_offsets_;
  std::vector<int32_t> parent1_, parent2_;
  std::vector<double> distance_, maximum_distance_;
  canopy::Momenta entries_;
};
