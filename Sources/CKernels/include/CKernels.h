// SPDX-License-Identifier: GPL-3.0-or-later
//
// Fused single-precision kernels of the network. Matrices are row-major; `ld…` is the distance in floats
// between the starts of two rows. Each kernel is compiled for several instruction sets (x86-64 baseline,
// AVX2 with FMA, AVX-512; the compiler's own target elsewhere) and the best one that the processor has is
// chosen once, when the program starts. A kernel never allocates and never locks.

#ifndef CANOPY_KERNELS_H
#define CANOPY_KERNELS_H

#include <stddef.h>
#include <stdint.h>

// The instruction set in use: "baseline", "avx2" or "avx512".
const char *canopy_instruction_set(void);

// The widest instruction set to use from now on ("baseline", "avx2", "avx512"); for tests and benchmarks,
// not while kernels run in other threads. Returns 0, or -1 where the processor lacks it or it is unknown.
int canopy_select_instruction_set(const char *name);

// Makes OpenBLAS, whose choice of kernels is `core`, use those for this processor's instruction set where it
// did not recognise the processor. To be called once, before the first product and from one thread.
void canopy_choose_openblas_core(const char *core);

// --- Element-wise functions: y[i] = f(x[i]); x and y may be the same. ---

// Relative error below 2e-7 for |x| < 87; larger arguments saturate at 0x1p-126 and 2^127.
void canopy_exp(size_t n, const float *x, float *y);
// 1 / (1 + exp(-x)), relative error below 4e-7.
void canopy_sigmoid(size_t n, const float *x, float *y);
// Absolute error below 2e-7.
void canopy_tanh(size_t n, const float *x, float *y);

// --- Rows ---

// x[r][c] += bias[c]
void canopy_add_bias(size_t rows, size_t columns, float *x, size_t ldx, const float *bias);
// x[r][c] = max(0, x[r][c] + bias[c])
void canopy_add_bias_relu(size_t rows, size_t columns, float *x, size_t ldx, const float *bias);
// dy[r][c] = y[r][c] > 0 ? dy[r][c] : 0
void canopy_relu_backward(size_t rows, size_t columns, const float *y, size_t ldy, float *dy, size_t lddy);
// out[c] += sum over r of x[r][c], in the order of the rows
void canopy_add_column_sums(size_t rows, size_t columns, const float *x, size_t ldx, float *out);
// y[r] = x[index[r]], rows of `columns` floats
void canopy_gather_rows(size_t rows, size_t columns, const float *x, size_t ldx, const int32_t *index,
                        float *y, size_t ldy);
// y[index[r]] = x[r], rows of `columns` floats
void canopy_scatter_rows(size_t rows, size_t columns, const float *x, size_t ldx, const int32_t *index,
                         float *y, size_t ldy);

// --- The gated recursive cell (arXiv:1702.00748, appendix A) ---

// r = sigmoid(r + bias); gated = r * x. r and gated are contiguous [rows x columns].
void canopy_gate(size_t rows, size_t columns, float *r, const float *bias, const float *x, size_t ldx,
                 float *gated);
// z [rows x 4 width] becomes its softmax over the four blocks of `width` columns after adding the bias;
// h [rows x width] is the sum over the blocks of z * q, q [rows x 4 width].
void canopy_blend(size_t rows, size_t width, float *z, const float *bias, const float *q, float *h);
// The gradients of canopy_blend from that of h: dq for q, dlogits for z before the softmax.
void canopy_blend_backward(size_t rows, size_t width, const float *z, const float *q, const float *dh,
                           float *dq, float *dlogits);
// The gradients of canopy_gate from that of `gated`: dx is added to, dlogits is for r before the sigmoid.
void canopy_gate_backward(size_t rows, size_t columns, const float *r, const float *x, size_t ldx,
                          const float *dgated, float *dx, size_t lddx, float *dlogits);

// --- The optimiser ---

// The sum of squares of n floats, in double precision and in a fixed order.
double canopy_sum_of_squares(size_t n, const float *x);
// One step of Adam with decoupled weight decay (arXiv:1711.05101, algorithm 2) on n parameters.
// The gradient is multiplied by gradient_scale first; correction1 and correction2 are 1 - beta^t.
void canopy_adamw(size_t n, float *parameters, const float *gradient, float *m, float *v,
                  float gradient_scale, float learning_rate, float beta1, float beta2, float epsilon,
                  float correction1, float correction2, float weight_decay);

#endif
