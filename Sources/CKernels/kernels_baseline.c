// SPDX-License-Identifier: GPL-3.0-or-later
//
// The kernels for any x86-64, and for the compiler's own target elsewhere.

#define LANES 4
#define TILE_VECTORS 2
#define TABLE canopy_kernels_baseline
#include "kernel_bodies.h"
