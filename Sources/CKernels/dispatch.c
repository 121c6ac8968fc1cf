// SPDX-License-Identifier: GPL-3.0-or-later
//
// Chooses the instruction set when the program starts and forwards each kernel to it.

#include <string.h>

#include "CKernels.h"
#include "kernel_table.h"

static const struct canopy_kernel_table *kernels = &canopy_kernels_baseline;
static const char *selected = "baseline";

int canopy_select_instruction_set(const char *name) {
  if (strcmp(name, "baseline") == 0) {
    kernels = &canopy_kernels_baseline;
    selected = "baseline";
    return 0;
  }
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (strcmp(name, "avx2") == 0 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    kernels = &canopy_kernels_avx2;
    selected = "avx2";
    return 0;
  }
  if (strcmp(name, "avx512") == 0 && __builtin_cpu_supports("avx512f") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma")) {
    kernels = &canopy_kernels_avx512;
    selected = "avx512";
    return 0;
  }
#endif
  return -1;
}

__attribute__((constructor)) static void select_best(void) {
  if (canopy_select_instruction_set("avx512") != 0) canopy_select_instruction_set("avx2");
}

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

void canopy_gather_rows(size_t rows, size_t columns, const float *x, size_t ldx, const int32_t *index,
                        float *y, size_t ldy) {
  kernels->gather_rows(rows, columns, x, ldx, index, y, ldy);
}

void canopy_scatter_rows(size_t rows, size_t columns, const float *x, size_t ldx, const int32_t *index,
                         float *y, size_t ldy) {
  kernels->scatter_rows(rows, columns, x, ldx, index, y, ldy);
}

void canopy_gate(size_t rows, size_t columns, float *r, const float *bias, const float *x, size_t ldx,
                 float *gated) {
  kernels->gate(rows, columns, r, bias, x, ldx, gated);
}

void canopy_blend(size_t rows, size_t width, float *z, const float *bias, const float *q, float *h) {
  kernels->blend(rows, width, z, bias, q, h);
}

void canopy_blend_backward(size_t rows, size_t width, const float *z, const float *q, const float *dh,
                           float *dq, float *dlogits) {
  kernels->blend_backward(rows, width, z, q, dh, dq, dlogits);
}

void canopy_gate_backward(size_t rows, size_t columns, const float *r, const float *x, size_t ldx,
                          const float *dgated, float *dx, size_t lddx, float *dlogits) {
  kernels->gate_backward(rows, columns, r, x, ldx, dgated, dx, lddx, dlogits);
}

double canopy_sum_of_squares(size_t n, const float *x) { return kernels->sum_of_squares(n, x); }

void canopy_adamw(size_t n, float *parameters, const float *gradient, float *m, float *v,
                  float gradient_scale, float learning_rate, float beta1, float beta2, float epsilon,
                  float correction1, float correction2, float weight_decay) {
  kernels->adamw(n, parameters, gradient, m, v, gradient_scale, learning_rate, beta1, beta2, epsilon,
                 correction1, correction2, weight_decay);
}
