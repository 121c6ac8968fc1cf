// SPDX-License-Identifier: GPL-3.0-or-later

#include "Workspace.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ProcessState.hpp"

using canopy::Clustering;
using canopy::Definition;
using canopy::Failure;
using fastjet::ClusterSequence;
using fastjet::PseudoJet;

namespace {

// The square of anything smaller underflows, and FastJet's rapidity would be log(0/0).
constexpr double smallest_component = 1e-150;
// The e⁺e⁻ algorithms use 1 − cos R, which rounding spoils below this.
constexpr double smallest_radius = 1e-6;

fastjet::JetAlgorithm fastjet_algorithm(CFastJetAlgorithm algorithm) {
  switch (algorithm) {
    case CFastJetKt: return fastjet::kt_algorithm;
    case CFastJetCambridge: return fastjet::cambridge_algorithm;
    case CFastJetAntiKt: return fastjet::antikt_algorithm;
    case CFastJetGenKt: return fastjet::genkt_algorithm;
    case CFastJetEEKt: return fastjet::ee_kt_algorithm;
    case CFastJetEEGenKt: return fastjet::ee_genkt_algorithm;
  }
  throw Failure(CFastJetBadTask, "the jet algorithm is none of those known");
}

fastjet::RecombinationScheme fastjet_scheme(CFastJetScheme scheme) {
  switch (scheme) {
    case CFastJetSchemeE: return fastjet::E_scheme;
    case CFastJetSchemePt: return fastjet::pt_scheme;
    case CFastJetSchemePt2: return fastjet::pt2_scheme;
    case CFastJetSchemeEt: return fastjet::Et_scheme;
    case CFastJetSchemeEt2: return fastjet::Et2_scheme;
    case CFastJetSchemeBIPt: return fastjet::BIpt_scheme;
    case CFastJetSchemeBIPt2: return fastjet::BIpt2_scheme;
    case CFastJetSchemeWTAPt: return fastjet::WTA_pt_scheme;
    case CFastJetSchemeWTAModp: return fastjet::WTA_modp_scheme;
  }
  throw Failure(CFastJetBadTask, "the recombination scheme is none of those known");
}

fastjet::JetDefinition fastjet_definition(CFastJetAlgorithm algorithm, double radius, double power,
                                          fastjet::RecombinationScheme scheme) {
  const fastjet::JetAlgorithm name = fastjet_algorithm(algorithm);
  switch (fastjet::JetDefinition::n_parameters_for_algorithm(name)) {
    case 0: return fastjet::JetDefinition(name, scheme);
    case 1: return fastjet::JetDefinition(name, radius, scheme);
    default: return fastjet::JetDefinition(name, radius, power, scheme);
  }
}

// Negated comparisons, so that NaN is refused too.
void check(const CFastJetTask &task) {
  const auto require = [](bool holds, const char *message) {
    if (!holds) throw Failure(CFastJetBadTask, message);
  };
  const auto has_power = [](CFastJetAlgorithm algorithm) {
    return algorithm == CFastJetGenKt || algorithm == CFastJetEEGenKt;
  };
  const double largest_radius = fastjet::JetDefinition::max_allowable_R;
  require(task.algorithm == CFastJetEEKt || (task.radius >= smallest_radius && task.radius <= largest_radius),
          "the jet radius must be from 1e-6 to 1000");
  const bool uses_power = has_power(task.algorithm) || (task.recluster && has_power(task.recluster_algorithm));
  require(!uses_power || std::isfinite(task.power), "the power p must be a finite number");
  require(task.selection != CFastJetInclusive || task.minimum_pt >= 0, "the minimum pT must not be negative");
  require(task.selection != CFastJetExclusiveJets || task.exclusive_jets >= 1,
          "the number of exclusive jets must be at least 1");
  require(task.selection != CFastJetExclusiveCut || task.exclusive_cut >= 0,
          "the exclusive distance cut must not be negative");
  require(task.maximum_abs_rapidity >= 0, "the maximum |rapidity| must not be negative");
  require(task.leading >= 1, "the number of leading jets must be at least 1");
}

bool is_spherical(CFastJetAlgorithm algorithm) { return algorithm == CFastJetEEKt || algorithm == CFastJetEEGenKt; }

bool is_ordinary(const double momentum[4]) {
  bool is_ordinary = momentum[CFastJetEnergy] > 0;
  for (int component = 0; component < 4; ++component) {
    const double value = std::abs(momentum[component]);
    is_ordinary &= (value >= smallest_component) & (value <= cfastjet_largest_component);
  }
  return is_ordinary;
}

// Refuses what FastJet must not see, and replaces components that are too small by 0.
void canonicalise(double momentum[4], int64_t particle) {
  for (int component = 0; component < 4; ++component) {
    const double value = std::abs(momentum[component]);
    const bool is_negative_energy = component == CFastJetEnergy && momentum[component] < 0;
    if (!(value <= cfastjet_largest_component) || is_negative_energy) {
      Failure failure(CFastJetBadParticle, !std::isfinite(value) ? "is not a finite number"
                                           : is_negative_energy  ? "is negative"
                                                                 : "is beyond 1e50 GeV");
      failure.particle = particle;
      failure.component = static_cast<CFastJetComponent>(component);
      throw failure;
    }
    if (value < smallest_component) momentum[component] = 0;
  }
}

// Padding: it could add nothing to a jet.
bool is_padding(const double momentum[4]) {
  return momentum[0] == 0 && momentum[1] == 0 && momentum[2] == 0 && momentum[3] == 0;
}

// Momenta for which some recombination scheme of FastJet divides by zero or overflows: at rest, along the
// beam, or far from any mass shell.
bool needs_care(double pt2, double pz, double energy) {
  return pt2 < 1e-200 || energy * energy < 1e-6 * (pt2 + pz * pz);
}

const char *const overflow = "its clustering distances overflow: choose a power p closer to 0";

void require_finite_distances(const Clustering &clustering) {
  for (const Clustering::Entry &entry : clustering.history()) {
    if (!std::isfinite(entry.dij)) throw Failure(CFastJetBadEvent, overflow);
  }
}

// Output arrays only ever grow, so that steady state neither allocates nor clears.
template <typename Element>
void grow(std::vector<Element> &array, size_t count) {
  if (array.size() < count) array.resize(std::max(count, 2 * array.size()));
}

}  // namespace

namespace canopy {

Definition::Definition(CFastJetAlgorithm algorithm, double radius, double power, CFastJetScheme scheme)
    : recombiner_(fastjet_scheme(scheme)),
      plain_(fastjet_definition(algorithm, radius, power, recombiner_.scheme())),
      careful_(plain_) {
  careful_.set_recombiner(&recombiner_);
}

void Momenta::grow_to(size_t count) {
  grow(px, count);
  grow(py, count);
  grow(pz, count);
  grow(energy, count);
}

void Momenta::set(size_t index, const PseudoJet &momentum) {
  px[index] = momentum.px();
  py[index] = momentum.py();
  pz[index] = momentum.pz();
  energy[index] = momentum.E();
}

}  // namespace canopy

CFastJetWorkspace::CFastJetWorkspace(const CFastJetTask &task)
    : task_((check(task), task)),
      spherical_(is_spherical(task.algorithm)),
      definition_(task.algorithm, task.radius, task.power, task.scheme) {
  canopy::settle_fastjet();
  if (task.recluster) {
    reclustering_.emplace(task.recluster_algorithm, fastjet::JetDefinition::max_allowable_R, task.power, task.scheme);
  }
}

// MARK: - Input

template <typename Body>
void CFastJetWorkspace::for_each_event(const CFastJetEvents &events, Body body) {
  for (int64_t event = 0; event < events.count; ++event) {
    const auto fail = [event](Failure failure) {
      failure.event = event;
      throw failure;
    };
    try {
      load(events, event);
      memory_.start_over();
      const Clustering clustering(particles_, definition_.get(careful_), memory_, coincident_);
      require_finite_distances(clustering);
      body(clustering);
    } catch (const Failure &failure) {
      fail(failure);
    } catch (const fastjet::InternalError &) {
      // FastJet's heap of distances takes an infinite distance for one that it has removed.
      fail(Failure(CFastJetBadEvent, overflow));
    } catch (const fastjet::Error &error) {
      fail(Failure(CFastJetBadEvent, "FastJet says: " + error.message()));
    }
  }
}

void CFastJetWorkspace::load(const CFastJetEvents &events, int64_t event) {
  const int64_t first = events.offsets[event];
  const int64_t count = events.offsets[event + 1] - first;
  // FastJet numbers the steps of a clustering, twice as many as particles, with int.
  if (count > std::numeric_limits<int>::max() / 2) {
    throw Failure(CFastJetBadEvent, "it has more particles than FastJet can number");
  }
  particles_.clear();
  // They share what the last event's sequence has allocated.
  constituents_of_jet_.clear();
  places_.clear();
  places_end_ = static_cast<size_t>(count);
  careful_ = false;
  for (int64_t particle = 0; particle < count; ++particle) {
    const int64_t index = first + particle;
    double momentum[4] = {events.px[index], events.py[index], events.pz[index], events.energy[index]};
    if (!is_ordinary(momentum)) {
      canonicalise(momentum, particle);
      if (is_padding(momentum)) continue;
    }
    places_.push_back(static_cast<int32_t>(particle));
    particles_.emplace_back(momentum[0], momentum[1], momentum[2], momentum[3]);
    if (needs_care(particles_.back().perp2(), momentum[2], momentum[3])) {
      careful_ = true;
      canopy::DegenerateRecombiner::limit_rapidity(particles_.back());
    }
  }
}

// MARK: - Jets

void CFastJetWorkspace::find_jets(const CFastJetEvents &events, CFastJetJets &jets) {
  offsets_.assign(1, 0);
  constituent_offsets_.assign(1, 0);
  node_offsets_.assign(1, 0);
  for_each_event(events, [this](const Clustering &clustering) { add_jets(clustering); });
  jets.count = offsets_.back();
  jets.offsets = offsets_.data();
  jets.px = jets_.px.data();
  jets.py = jets_.py.data();
  jets.pz = jets_.pz.data();
  jets.energy = jets_.energy.data();
  jets.constituent_offsets = constituent_offsets_.data();
  jets.constituents = constituents_.data();
  jets.node_offsets = task_.trees ? node_offsets_.data() : nullptr;
  jets.left = left_.data();
  jets.right = right_.data();
  jets.node_px = nodes_.px.data();
  jets.node_py = nodes_.py.data();
  jets.node_pz = nodes_.pz.data();
  jets.node_energy = nodes_.energy.data();
  jets.merge_scale = merge_scale_.data();
}

void CFastJetWorkspace::add_jets(const Clustering &clustering) {
  selected_.clear();
  if (task_.selection == CFastJetInclusive) {
    select_inclusive(clustering);
  } else {
    select_exclusive(clustering);
  }
  sort_selected();

  const size_t first_jet = offsets_.back();
  const size_t jets_end = first_jet + selected_.size();
  jets_.grow_to(jets_end);
  for (size_t jet = 0; jet < selected_.size(); ++jet) {
    jets_.set(first_jet + jet, clustering.jets()[clustering.history()[selected_[jet].second].jetp_index]);
  }
  offsets_.push_back(jets_end);

  claim_entries(clustering);
  add_constituents(clustering.particles());
  if (task_.trees) {
    reserve_nodes();
    if (reclustering_) {
      for (size_t jet = first_jet; jet < jets_end; ++jet) fill_reclustered_tree(clustering, jet);
    } else {
      fill_trees(clustering);
    }
  }
  if (places_.size() == places_end_) return;
  for (int64_t index = constituent_offsets_[first_jet]; index < constituent_offsets_[jets_end]; ++index) {
    constituents_[index] = places_[constituents_[index]];
  }
}

void CFastJetWorkspace::select_inclusive(const Clustering &clustering) {
  const auto &history = clustering.history();
  const double minimum_pt2 = task_.minimum_pt * task_.minimum_pt;
  for (size_t entry = clustering.particles(); entry < history.size(); ++entry) {
    if (history[entry].parent2 != ClusterSequence::BeamJet) continue;
    const int jet = history[entry].parent1;
    if (clustering.jets()[history[jet].jetp_index].perp2() >= minimum_pt2) consider(clustering, jet);
  }
}

// The jets that exist after the last step taken are the parents, made before it, of the steps not taken.
void CFastJetWorkspace::select_exclusive(const Clustering &clustering) {
  const auto &history = clustering.history();
  int steps_end = static_cast<int>(history.size());
  if (task_.selection == CFastJetExclusiveJets) {
    steps_end -= std::min<int>(task_.exclusive_jets, clustering.particles());
  } else {
    while (steps_end > 0 && !(history[steps_end - 1].max_dij_so_far <= task_.exclusive_cut)) --steps_end;
  }
  for (size_t entry = steps_end; entry < history.size(); ++entry) {
    for (const int parent : {history[entry].parent1, history[entry].parent2}) {
      if (parent >= 0 && parent < steps_end) consider(clustering, parent);
    }
  }
}

void CFastJetWorkspace::consider(const Clustering &clustering, int entry) {
  const PseudoJet &jet = clustering.jets()[clustering.history()[entry].jetp_index];
  // Without a limit the rapidity, a logarithm, need not be computed.
  const double limit = task_.maximum_abs_rapidity;
  const bool is_central = std::isinf(limit) || std::abs(jet.rap()) <= limit;
  if (is_central) selected_.emplace_back(spherical_ ? jet.E() : jet.perp2(), entry);
}

void CFastJetWorkspace::sort_selected() {
  std::sort(selected_.begin(), selected_.end(),
            [](const auto &a, const auto &b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  if (static_cast<uint64_t>(task_.leading) < selected_.size()) selected_.resize(task_.leading);
}

// Children come after parents, so one walk backwards hands each jet down to its particles.
void CFastJetWorkspace::claim_entries(const Clustering &clustering) {
  const auto &history = clustering.history();
  owner_.assign(history.size(), -1);
  for (size_t jet = 0; jet < selected_.size(); ++jet) owner_[selected_[jet].second] = static_cast<int32_t>(jet);
  for (size_t entry = history.size(); entry-- > clustering.particles();) {
    if (owner_[entry] < 0) continue;
    owner_[history[entry].parent1] = owner_[entry];
    owner_[history[entry].parent2] = owner_[entry];
  }
}

void CFastJetWorkspace::add_constituents(size_t particles) {
  number_.resize(owner_.size());
  numbered_.assign(selected_.size(), 0);
  for (size_t particle = 0; particle < particles; ++particle) {
    if (owner_[particle] >= 0) number_[particle] = numbered_[owner_[particle]]++;
  }
  const size_t first_jet = constituent_offsets_.size() - 1;
  for (const int32_t count : numbered_) constituent_offsets_.push_back(constituent_offsets_.back() + count);
  grow(constituents_, constituent_offsets_.back());
  for (size_t particle = 0; particle < particles; ++particle) {
    if (owner_[particle] < 0) continue;
    constituents_[constituent_offsets_[first_jet + owner_[particle]] + number_[particle]] =
        static_cast<int32_t>(particle);
  }
}

// MARK: - Trees

// Called when `numbered_` holds the constituents of each jet of the event.
void CFastJetWorkspace::reserve_nodes() {
  for (const int32_t count : numbered_) node_offsets_.push_back(node_offsets_.back() + 2 * count - 1);
  const size_t nodes = node_offsets_.back();
  grow(left_, nodes);
  grow(right_, nodes);
  grow(merge_scale_, nodes);
  nodes_.grow_to(nodes);
}

void CFastJetWorkspace::fill_trees(const Clustering &clustering) {
  const auto &history = clustering.history();
  const int64_t *first_node = node_offsets_.data() + node_offsets_.size() - 1 - selected_.size();
  for (size_t entry = 0; entry < history.size(); ++entry) {
    const int32_t jet = owner_[entry];
    if (jet < 0) continue;
    const PseudoJet &momentum = clustering.jets()[history[entry].jetp_index];
    if (entry < clustering.particles()) {
      set_leaf(first_node[jet] + number_[entry], momentum);
    } else {
      number_[entry] = numbered_[jet]++;
      set_splitting(first_node[jet], number_[entry], number_[history[entry].parent1], number_[history[entry].parent2],
                    history[entry].dij, momentum);
    }
  }
}

void CFastJetWorkspace::fill_reclustered_tree(const Clustering &event, size_t jet) {
  // From the event's sequence, as PseudoJet::constituents() has them: with rapidity and azimuth computed.
  constituents_of_jet_.clear();
  for (int64_t index = constituent_offsets_[jet]; index < constituent_offsets_[jet + 1]; ++index) {
    constituents_of_jet_.push_back(event.jets()[constituents_[index]]);
  }
  const Clustering clustering(constituents_of_jet_, reclustering_->get(careful_), memory_, coincident_);
  require_finite_distances(clustering);

  const auto &history = clustering.history();
  const size_t first_node = node_offsets_[jet];
  int32_t node = 0;
  ends_.clear();
  number_.resize(std::max(number_.size(), history.size()));
  for (size_t entry = 0; entry < history.size(); ++entry) {
    if (entry >= clustering.particles() && history[entry].parent2 < 0) {
      ends_.push_back(static_cast<int>(entry));
      continue;
    }
    const PseudoJet &momentum = clustering.jets()[history[entry].jetp_index];
    if (entry < clustering.particles()) {
      set_leaf(first_node + node, momentum);
    } else {
      set_splitting(first_node, node, number_[history[entry].parent1], number_[history[entry].parent2],
                    history[entry].dij, momentum);
    }
    number_[entry] = node++;
  }

  const auto momentum_at_end = [&](size_t end) -> const PseudoJet & {
    return clustering.jets()[history[history[ends_[end]].parent1].jetp_index];
  };
  int32_t root = number_[history[ends_[0]].parent1];
  PseudoJet joined = momentum_at_end(0);
  for (size_t end = 1; end < ends_.size(); ++end) {
    PseudoJet sum;
    reclustering_->recombiner().recombine(joined, momentum_at_end(end), sum);
    joined = sum;
    set_splitting(first_node, node, root, number_[history[ends_[end]].parent1], history[ends_[end - 1]].dij, joined);
    root = node++;
  }
}

void CFastJetWorkspace::set_leaf(size_t node, const PseudoJet &momentum) {
  left_[node] = -1;
  right_[node] = -1;
  merge_scale_[node] = 0;
  nodes_.set(node, momentum);
}

void CFastJetWorkspace::set_splitting(size_t first_node, int32_t node, int32_t child1, int32_t child2, double scale,
                                      const PseudoJet &momentum) {
  const auto hardness = [&](int32_t child) {
    const size_t index = first_node + child;
    const double px = nodes_.px[index], py = nodes_.py[index];
    return spherical_ ? nodes_.energy[index] : px * px + py * py;
  };
  const int32_t lower = std::min(child1, child2), higher = std::max(child1, child2);
  const bool lower_is_left = hardness(lower) >= hardness(higher);
  const size_t index = first_node + node;
  left_[index] = lower_is_left ? lower : higher;
  right_[index] = lower_is_left ? higher : lower;
  merge_scale_[index] = scale;
  nodes_.set(index, momentum);
}

// MARK: - Histories

void CFastJetWorkspace::find_histories(const CFastJetEvents &events, CFastJetHistories &histories) {
  entry_offsets_.assign(1, 0);
  parent1_.clear();
  parent2_.clear();
  distance_.clear();
  maximum_distance_.clear();
  for_each_event(events, [this](const Clustering &clustering) { add_history(clustering); });
  histories.offsets = entry_offsets_.data();
  histories.parent1 = parent1_.data();
  histories.parent2 = parent2_.data();
  histories.distance = distance_.data();
  histories.maximum_distance = maximum_distance_.data();
  histories.px = entries_.px.data();
  histories.py = entries_.py.data();
  histories.pz = entries_.pz.data();
  histories.energy = entries_.energy.data();
}

// The particles, the padding, which joins the beam at distance 0 and makes nothing, and the steps of the others.
void CFastJetWorkspace::add_history(const Clustering &clustering) {
  const auto &history = clustering.history();
  const size_t particles = clustering.particles();
  const size_t first = parent1_.size();
  entries_.grow_to(first + 2 * places_end_);
  const auto add = [&](int32_t parent1, int32_t parent2, double distance, double maximum, const PseudoJet &momentum) {
    entries_.set(parent1_.size(), momentum);
    parent1_.push_back(parent1);
    parent2_.push_back(parent2);
    distance_.push_back(distance);
    maximum_distance_.push_back(maximum);
  };
  const auto number = [&](int entry) {
    if (entry < 0) return entry;
    if (static_cast<size_t>(entry) < particles) return static_cast<int>(places_[entry]);
    return static_cast<int>(entry - particles + 2 * places_end_ - particles);
  };
  const PseudoJet zero(0, 0, 0, 0);
  size_t entry = 0;
  for (size_t place = 0; place < places_end_; ++place) {
    const bool is_particle = entry < particles && static_cast<size_t>(places_[entry]) == place;
    const PseudoJet &momentum = is_particle ? clustering.jets()[history[entry++].jetp_index] : zero;
    add(ClusterSequence::InexistentParent, ClusterSequence::InexistentParent, 0, 0, momentum);
  }
  entry = 0;
  for (size_t place = 0; place < places_end_; ++place) {
    if (entry < particles && static_cast<size_t>(places_[entry]) == place) {
      ++entry;
    } else {
      add(static_cast<int32_t>(place), ClusterSequence::BeamJet, 0, 0, zero);
    }
  }
  for (entry = particles; entry < history.size(); ++entry) {
    const bool ends = history[entry].parent2 == ClusterSequence::BeamJet;
    const int jet = ends ? history[history[entry].parent1].jetp_index : history[entry].jetp_index;
    add(number(history[entry].parent1), number(history[entry].parent2), history[entry].dij,
        history[entry].max_dij_so_far, clustering.jets()[jet]);
  }
  entry_offsets_.push_back(static_cast<int64_t>(parent1_.size()));
}
