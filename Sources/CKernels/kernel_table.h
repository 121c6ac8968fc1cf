// SPDX-License-Identifier: GPL-3.0-or-later
//
// One table of kernels an instruction set. The list here is the only place that names them all.

#ifndef CANOPY_KERNEL_TABLE_H
#define CANOPY_KERNEL_TABLE_H

#include "CKernels.h"

// The rows that are worked through at a time, two tiles of a product.
#define CANOPY_BLOCK_ROWS 12
// The rows after which the features of a vector are those of the first again, for vectors of any width.
#define CANOPY_SCALING_ROWS 16

struct canopy_kernel_table {
  void (*exp)(size_t, const float *, float *);
  void (*sigmoid)(size_t, const float *, float *);
  void (*tanh)(size_t, const float *, float *);
  void (*add_bias)(size_t, size_t, float *, size_t, const float *);
  void (*add_bias_relu)(size_t, size_t, float *, size_t, const float *);
  void (*relu_backward)(size_t, size_t, const float *, size_t, float *, size_t);
  void (*add_column_sums)(size_t, size_t, const float *, size_t, float *);
  void (*gather_rows)(size_t, size_t, const float *, size_t, const int32_t *, float *, size_t);
  void (*scatter_rows)(size_t, size_t, const float *, size_t, const int32_t *, float *, size_t);
  void (*scale)(size_t, size_t, float *, const float *, const float *, float);
  size_t (*packed_count)(size_t, size_t);
  void (*pack)(size_t, size_t, const float *, int, float *);
  void (*packed_product)(size_t, size_t, size_t, const float *, size_t, const float *, float *, size_t, int);
  void (*add_outer_products)(size_t, size_t, size_t, const float *, size_t, const float *, size_t, float *, size_t);
  void (*leaves_forward)(const struct canopy_cell *, size_t, const float *, float *);
  void (*gated_forward)(const struct canopy_cell *, const struct canopy_splittings *, const float *, int);
  void (*gated_backward)(const struct canopy_cell *, const struct canopy_splittings *,
                         const struct canopy_splitting_gradients *);
  void (*simple_forward)(const struct canopy_cell *, const struct canopy_splittings *, const float *, int);
  void (*simple_backward)(const struct canopy_cell *, const struct canopy_splittings *,
                          const struct canopy_splitting_gradients *);
  void (*gru_forward)(const struct canopy_gru *, const struct canopy_sequences *, const float *, float *, float *,
                      float *, int);
  void (*gru_backward)(const struct canopy_gru *, const struct canopy_sequences *, const float *, const float *,
                       const float *, float *, float *, float *);
  double (*sum_of_squares)(size_t, const float *);
  void (*adamw)(size_t, float *, const float *, float *, float *, float, float, float, float, float, float, float,
                float);
  void (*lion)(size_t, float *, const float *, float *, float, float, float, float, float);
};

extern const struct canopy_kernel_table canopy_kernels_baseline;
#if defined(__x86_64__)
extern const struct canopy_kernel_table canopy_kernels_avx2;
extern const struct canopy_kernel_table canopy_kernels_avx512;
#endif

#endif
