// SPDX-License-Identifier: GPL-3.0-or-later

// What FastJet and its contributions say of jets. It reads lines of numbers, px py pz E of the particles of an event
// each, and writes a line of names and then a line for each event with the numbers of its hardest anti-kT jet of R = 1.
// With names of observables as arguments it has only these, and says on standard error how many microseconds each takes
// for a jet.

#include <fastjet/ClusterSequence.hh>
#include <fastjet/ClusterSequenceArea.hh>
#include <fastjet/contrib/BottomUpSoftDrop.hh>
#include <fastjet/contrib/EnergyCorrelator.hh>
#include <fastjet/contrib/LundGenerator.hh>
#include <fastjet/contrib/LundWithSecondary.hh>
#include <fastjet/contrib/Nsubjettiness.hh>
#include <fastjet/contrib/RecursiveSoftDrop.hh>
#include <fastjet/contrib/SoftDrop.hh>
#include <fastjet/tools/Filter.hh>
#include <fastjet/tools/JetMedianBackgroundEstimator.hh>
#include <fastjet/tools/Pruner.hh>

#include <cmath>
#include <cstdio>
#include <ctime>
#include <functional>
#include <algorithm>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

using namespace fastjet;
using namespace fastjet::contrib;

namespace {

using Numbers = std::vector<double>;

struct Observable {
  std::string name;
  std::vector<std::string> quantities;
  std::function<Numbers(const PseudoJet &)> value;
  double seconds = 0;
};

Numbers mass_and_pt(const PseudoJet &jet) { return {jet.m(), jet.pt()}; }

Observable tau(const std::string &name, const AxesDefinition &axes, double beta, int most) {
  std::vector<std::string> quantities;
  std::vector<Nsubjettiness> measures;
  for (int count = 1; count <= most; ++count) {
    quantities.push_back("tau-" + std::to_string(count));
    measures.emplace_back(count, axes, NormalizedMeasure(beta, 1.0));
  }
  return {name, quantities, [measures](const PseudoJet &jet) {
            Numbers numbers;
            for (const Nsubjettiness &measure : measures) numbers.push_back(measure(jet));
            return numbers;
          }};
}

// The area of a jet, the background, and the jet without it, from all particles of the event.
Numbers areas(const PseudoJet &jet) {
  const std::vector<PseudoJet> all = jet.validated_cs()->jets();
  const std::vector<PseudoJet> particles(all.begin(), all.begin() + jet.validated_cs()->n_particles());
  const AreaDefinition ghosts(active_area_explicit_ghosts, GhostedAreaSpec(5.0, 1, 0.01));
  const ClusterSequenceArea sequence(particles, JetDefinition(antikt_algorithm, 1.0), ghosts);
  const PseudoJet found = sorted_by_pt(sequence.inclusive_jets())[0];
  JetMedianBackgroundEstimator background(SelectorAbsRapMax(4.6), JetDefinition(kt_algorithm, 0.4), ghosts);
  background.set_particles(particles);
  const double rho = background.rho();
  const PseudoJet left =
      rho * found.area_4vector().pt() < found.pt() ? found - rho * found.area_4vector() : PseudoJet();
  return {found.area(), rho, left.pt(), left.m()};
}

std::vector<Observable> observables() {
  const std::vector<std::string> groomed = {"mass", "pt"};
  std::vector<Observable> all;
  for (const auto &[name, beta] : {std::pair("soft-drop", 0.0), std::pair("soft-drop-1", 1.0)}) {
    const SoftDrop soft_drop(beta, 0.1, 1.0);
    all.push_back({name, groomed, [=](const PseudoJet &jet) { return mass_and_pt(soft_drop(jet)); }});
  }
  for (const auto &[name, count] : {std::pair("recursive", -1), std::pair("recursive-2", 2)}) {
    const RecursiveSoftDrop recursive(0.5, 0.05, count, 1.0);
    all.push_back({name, groomed, [=](const PseudoJet &jet) { return mass_and_pt(recursive(jet)); }});
  }
  const BottomUpSoftDrop bottom_up(1.0, 0.1, 1.0);
  all.push_back({"bottom-up", groomed, [=](const PseudoJet &jet) { return mass_and_pt(bottom_up(jet)); }});
  const Filter trimmer(JetDefinition(kt_algorithm, 0.2), SelectorPtFractionMin(0.05));
  all.push_back({"trimming", groomed, [=](const PseudoJet &jet) { return mass_and_pt(trimmer(jet)); }});
  const Filter filter(JetDefinition(cambridge_algorithm, 0.3), SelectorNHardest(3));
  all.push_back({"filtering", groomed, [=](const PseudoJet &jet) { return mass_and_pt(filter(jet)); }});
  const Pruner pruner(cambridge_algorithm, 0.1, 0.5);
  all.push_back({"pruning", groomed, [=](const PseudoJet &jet) { return mass_and_pt(pruner(jet)); }});
  all.push_back(tau("n-subjettiness", KT_Axes(), 1, 6));
  all.push_back(tau("tau-wta", WTA_KT_Axes(), 0.5, 6));
  all.push_back(tau("tau-one-pass", OnePass_KT_Axes(), 1, 3));
  all.push_back(tau("tau-one-pass-wta", OnePass_WTA_KT_Axes(), 2, 3));
  for (const auto &[name, beta] : {std::pair("energy-correlations", 1.0), std::pair("correlations-2", 2.0)}) {
    const EnergyCorrelatorC2 c2(beta);
    const EnergyCorrelatorD2 d2(beta);
    const EnergyCorrelatorN2 n2(beta);
    const EnergyCorrelatorM2 m2(beta);
    all.push_back({name, {"c2", "d2", "n2", "m2"}, [=](const PseudoJet &jet) {
                     return Numbers{c2(jet), d2(jet), n2(jet), m2(jet)};
                   }});
  }
  all.push_back({"lund", {"primary", "secondary", "kt"}, [](const PseudoJet &jet) {
                   static const SecondaryLund_mMDT secondary(0.025);
                   static const LundWithSecondary planes(const_cast<SecondaryLund_mMDT *>(&secondary));
                   const auto primary = planes.primary(jet);
                   double kt = 0;
                   for (const auto &splitting : primary) kt += splitting.kt();
                   const double of_secondary =
                       planes.secondary_index(primary) < 0 ? 0 : planes.secondary(primary).size();
                   return Numbers{double(primary.size()), of_secondary, kt};
                 }});
  all.push_back({"jet-area", {"area", "rho", "pt", "mass"}, [](const PseudoJet &jet) { return areas(jet); }});
  return all;
}

}  // namespace

int main(int count, char **arguments) {
  const std::vector<std::string> names(arguments + 1, arguments + count);
  ClusterSequence::set_fastjet_banner_stream(nullptr);
  std::vector<Observable> chosen;
  for (const Observable &observable : observables()) {
    if (names.empty() || std::find(names.begin(), names.end(), observable.name) != names.end())
      chosen.push_back(observable);
  }
  for (const Observable &observable : chosen) {
    for (const std::string &quantity : observable.quantities) std::cout << observable.name << '/' << quantity << ' ';
  }
  std::cout << std::endl;
  int jets = 0;
  for (std::string line; std::getline(std::cin, line); ++jets) {
    std::istringstream words(line);
    std::vector<PseudoJet> particles;
    for (double px, py, pz, energy; words >> px >> py >> pz >> energy;) particles.emplace_back(px, py, pz, energy);
    const ClusterSequence sequence(particles, JetDefinition(antikt_algorithm, 1.0));
    const PseudoJet jet = sorted_by_pt(sequence.inclusive_jets())[0];
    for (Observable &observable : chosen) {
      const std::clock_t start = std::clock();
      const Numbers numbers = observable.value(jet);
      observable.seconds += static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
      for (const double number : numbers) std::printf("%.17g ", number);
    }
    std::printf("\n");
  }
  for (const Observable &observable : chosen) {
    std::fprintf(stderr, "%s %.1f\n", observable.name.c_str(), observable.seconds / jets * 1e6);
  }
}
