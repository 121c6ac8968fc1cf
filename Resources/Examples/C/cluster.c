/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Finds the jets of two particles back to back, and prints them with their constituents.
   Usage: cluster [SETTINGS] */

#include <canopy.h>

#include <stdio.h>

int main(int argc, char **argv) {
  const double pt[] = {40, 60, 90}, eta[] = {0.1, 0.2, -0.3}, phi[] = {0.0, 0.1, 3.2}, mass[] = {0, 0, 0.14};
  const char *settings = argc > 1 ? argv[1] : "{algorithm: antikt, radius: 0.4, min-pt: 20, constituents: true}";
  canopy_events events = canopy_no_events();
  canopy_array offset = canopy_no_array(), jet_pt = canopy_no_array(), mass_of_jet = canopy_no_array();
  canopy_array first = canopy_no_array(), constituent = canopy_no_array();
  canopy_finder *finder = canopy_finder_open(settings);
  canopy_results *results = canopy_results_create();
  int status = 1;

  /* One event needs no offsets. */
  events.event_count = 1;
  events.particle_count = sizeof pt / sizeof *pt;
  events.momenta = CANOPY_PT_ETA_PHI_MASS;
  events.components[0] = pt;
  events.components[1] = eta;
  events.components[2] = phi;
  events.components[3] = mass;
  if (finder && canopy_find_jets(finder, &events, results) == CANOPY_OK &&
      canopy_results_find(results, "jet/offset", &offset) && canopy_results_find(results, "jet/pt", &jet_pt) &&
      canopy_results_find(results, "jet/mass", &mass_of_jet) &&
      canopy_results_find(results, "jet/constituent_offset", &first) &&
      canopy_results_find(results, "jet/constituent", &constituent)) {
    const int64_t *jets = (const int64_t *)offset.data, *begin = (const int64_t *)first.data;
    for (int64_t jet = jets[0]; jet < jets[1]; ++jet) {
      printf("pt %.6f GeV, mass %.6f GeV, particles", ((const double *)jet_pt.data)[jet],
             ((const double *)mass_of_jet.data)[jet]);
      for (int64_t place = begin[jet]; place < begin[jet + 1]; ++place)
        printf(" %d", (int)((const int32_t *)constituent.data)[place]);
      printf("\n");
    }
    status = 0;
  } else {
    fprintf(stderr, "%s\n", canopy_error_message());
    status = (int)canopy_error_status();
  }
  canopy_results_destroy(results);
  canopy_finder_close(finder);
  return status;
}
