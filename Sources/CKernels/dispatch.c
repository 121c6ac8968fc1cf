// SPDX-License-Identifier: GPL-3.0-or-later
//
// Chooses the instruction set when the program starts and forwards each kernel to it.

#include <stdlib.h>
#include <string.h>

#include "CKernels.h"
#include "kernel_table.h"

static const struct canopy_kernel_table *kernels = &canopy_kernels_baseline;
static const char *selected = "baseline";

#if defined(__x86_64__)
static int allows(const char *limit, const char *set) {
  return limit == NULL || strcmp(limit, set) == 0 || strcmp(limit, "avx512") == 0;
}

__attribute__((constructor)) static void select_best(void) {
  const char *limit = getenv("CANOPY_INSTRUCTION_SET");
  __builtin_cpu_init();
  if (allows(limit, "avx2") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    kernels = &canopy_kernels_avx2;
    selected = "avx2";
    if (allows(limit, "avx512") && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")) {
      kernels = &canopy_kernels_avx512;
      selected = "avx512";
    }
  }
}
#endif

const char *canopy_instruction_set(void) { return selected; }

void canopy_exp(size_t n, const float *x, float *y) { kernels->exp(n, x, y); }

void canopy_sigmoid(size_t n, const float *x, float *y) { kernels->sigmoid(n, x, y); }

void canopy_tanh(size_t n, const float *x, float *y) { kernels->tanh(n, x, y); }

void canopy_add_bias(size_t rows, size_t columns, float *x, size_t ldx, const float *bias) {
  kernels->add_bias(rows, columns, x, ldx, bias);
}

void canopy_add_bias_relu(size_t rows, size_t columns, float *x, size_t ldx, const float *bias) {
  kernels->add_bias_relu(rows, columns, x, ldx, bias);
}

void canopy_relu_backward(size_t rows, size_t columns, const float *y, size_t ldy, float *dy, size_t lddy) {
  kernels->relu_backward(rows, columns, y, ldy, dy, lddy);
}

void canopy_add_column_sums(size_t rows, size_t columns, const float *x, size_t ldx, float *out) {
  kernels->add_column_sums(rows, columns, x, ldx, out);
}

void canopy_gather_rows(size_t rows, size_t columns, const float *x, size_t ldx, const int32_t *index, float *y,
                        size_t ldy) {
  kernels->gather_rows(rows, columns, x, ldx, index, y, ldy);
}

void canopy_scatter_rows(size_t rows, size_t columns, const float *x, size_t ldx, const int32_t *index, float *y,
                         size_t ldy) {
  kernels->scatter_rows(rows, columns, x, ldx, index, y, ldy);
}

void canopy_scale(size_t n, size_t period, float *x, const float *median, const float *inverse, float bound) {
  kernels->scale(n, period, x, median, inverse, bound);
}

size_t canopy_scaling_rows(void) { return CANOPY_SCALING_ROWS; }

size_t canopy_packed_count(size_t outputs, size_t inputs) { return kernels->packed_count(outputs, inputs); }

void canopy_pack(size_t outputs, size_t inputs, const float *w, int transposed, float *packed) {
  kernels->pack(outputs, inputs, w, transposed, packed);
}

void canopy_packed_product(size_t rows, size_t outputs, size_t inputs, const float *x, size_t ldx, const float *packed,
                           float *y, size_t ldy, int accumulate) {
  kernels->packed_product(rows, outputs, inputs, x, ldx, packed, y, ldy, accumulate);
}

void canopy_add_outer_products(size_t rows, size_t outputs, size_t inputs, const float *d, size_t ldd, const float *x,
                               size_t ldx, float *w, size_t ldw) {
  kernels->add_outer_products(rows, outputs, inputs, d, ldd, x, ldx, w, ldw);
}

size_t canopy_scratch_rows(void) { return CANOPY_BLOCK_ROWS; }

void canopy_leaves_forward(const struct canopy_cell *cell, size_t rows, const float *input, float *h) {
  kernels->leaves_forward(cell, rows, input, h);
}

void canopy_gated_forward(const struct canopy_cell *cell, const struct canopy_splittings *splittings,
                          const float *state, int keep) {
  kernels->gated_forward(cell, splittings, state, keep);
}

void canopy_gated_backward(const struct canopy_cell *cell, const struct canopy_splittings *splittings,
                           const struct canopy_splitting_gradients *gradients) {
  kernels->gated_backward(cell, splittings, gradients);
}

void canopy_simple_forward(const struct canopy_cell *cell, const struct canopy_splittings *splittings,
                           const float *state, int keep) {
  kernels->simple_forward(cell, splittings, state, keep);
}

void canopy_simple_backward(const struct canopy_cell *cell, const struct canopy_splittings *splittings,
                            const struct canopy_splitting_gradients *gradients) {
  kernels->simple_backward(cell, splittings, gradients);
}

void canopy_gru_forward(const struct canopy_gru *gru, const struct canopy_sequences *sequences, const float *input,
                        float *state, float *gates, float *result, int keep) {
  kernels->gru_forward(gru, sequences, input, state, gates, result, keep);
}

void canopy_gru_backward(const struct canopy_gru *gru, const struct canopy_sequences *sequences, const float *state,
                         const float *gates, const float *dresult, float *dstate, float *dinput, float *drecurrent) {
  kernels->gru_backward(gru, sequences, state, gates, dresult, dstate, dinput, drecurrent);
}

double canopy_sum_of_squares(size_t n, const float *x) { return kernels->sum_of_squares(n, x); }

void canopy_adamw(size_t n, float *parameters, const float *gradient, float *m, float *v, float gradient_scale,
                  float learning_rate, float beta1, float beta2, float epsilon, float correction1, float correction2,
                  float weight_decay) {
  kernels->adamw(n, parameters, gradient, m, v, gradient_scale, learning_rate, beta1, beta2, epsilon, correction1,
                 correction2, weight_decay);
}

void canopy_lion(size_t n, float *parameters, const float *gradient, float *m, float gradient_scale,
                 float learning_rate, float beta1, float beta2, float weight_decay) {
  kernels->lion(n, parameters, gradient, m, gradient_scale, learning_rate, beta1, beta2, weight_decay);
}
