// SPDX-License-Identifier: GPL-3.0-or-later
//
// OpenBLAS knows processors by model number. One that is newer than the library gets kernels for SSE3, which
// are five times slower than what it can do (OpenBLAS 0.3.21 on a Xeon of model 207). OpenBLAS reads
// OPENBLAS_CORETYPE while it is loaded, which is before a program can set it, so the choice is made again here.
// The two functions are exported by every OpenBLAS that chooses at run time; without them nothing is changed.

#define _GNU_SOURCE  // RTLD_DEFAULT and setenv
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "CKernels.h"

static int knows_avx2(const char *core) {
  static const char *const cores[] = {"haswell", "zen", "skylakex", "cooperlake", "sapphirerapids"};
  for (size_t i = 0; i < sizeof cores / sizeof *cores; i++) {
    if (strcasecmp(core, cores[i]) == 0) return 1;
  }
  return 0;
}

void canopy_choose_openblas_core(const char *core) {
#if defined(__x86_64__)
  void (*quit)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "gotoblas_dynamic_quit");
  void (*init)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "gotoblas_dynamic_init");
  const char *best = strcmp(canopy_instruction_set(), "avx512") == 0 ? "SkylakeX"
                     : strcmp(canopy_instruction_set(), "avx2") == 0 ? "Haswell"
                                                                     : NULL;
  if (quit == NULL || init == NULL || best == NULL || knows_avx2(core)) return;
  if (getenv("OPENBLAS_CORETYPE") != NULL) return;  // the user's choice
  setenv("OPENBLAS_CORETYPE", best, 0);
  quit();
  init();
  unsetenv("OPENBLAS_CORETYPE");
#else
  (void)core;
#endif
}
