// SPDX-License-Identifier: GPL-3.0-or-later
//
// Fused single-precision kernels of the network. Matrices are row-major; `ld…` is the distance in floats
// between the starts of two rows. Each kernel is compiled for several instruction sets (x86-64 baseline,
// AVX2 with FMA, AVX-512; the compiler's own target elsewhere) and the best one that the processor has is
// chosen once, when the program starts. A kernel never allocates and never locks.
//
// Kernels work on whole vectors: up to 15 floats after the last of any array may be read, and are written with
// what they held, so arrays need that much room, which KernelMemory of NeuralEngine gives.
//
// Forward, each number is summed in an order that does not depend on the number of rows, nor on the place of its row
// among them: the same row has the same bits in any batch, for one instruction set.

#ifndef CANOPY_KERNELS_H
#define CANOPY_KERNELS_H

#include <stddef.h>
#include <stdint.h>

// The instruction set in use: "baseline", "avx2" or "avx512". The environment variable CANOPY_INSTRUCTION_SET
// names the widest one allowed; without it every one that the processor has is.
const char *canopy_instruction_set(void);

// Makes OpenBLAS, whose choice of kernels is `core`, use those for this processor's instruction set if it did
// not recognise the processor. To be called once, before the first product and from one thread.
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
void canopy_gather_rows(size_t rows, size_t columns, const float *x, size_t ldx, const int32_t *index, float *y,
                        size_t ldy);
// y[index[r]] = x[r], rows of `columns` floats
void canopy_scatter_rows(size_t rows, size_t columns, const float *x, size_t ldx, const int32_t *index, float *y,
                         size_t ldy);

// x[i] = (x[i] - median[i % period]) * inverse[i % period], not beyond +-bound; 0 where that is not a number.
// x is a plain array: nothing behind its end is read. period is a multiple of canopy_scaling_rows.
void canopy_scale(size_t n, size_t period, float *x, const float *median, const float *inverse, float bound);
size_t canopy_scaling_rows(void);

// --- Products with packed weights ---
//
// For matrices as small as a network's, most of a product's time goes into arranging the weights. They are
// arranged once here, for the instruction set in use, and then multiplied by a few or by many rows.

// The floats that a packed matrix of outputs x inputs takes.
size_t canopy_packed_count(size_t outputs, size_t inputs);
// Packs w for y = x wT: w is [outputs x inputs], or [inputs x outputs] if transposed is not 0.
void canopy_pack(size_t outputs, size_t inputs, const float *w, int transposed, float *packed);
// y [rows x outputs] = x [rows x inputs] wT, or y += ... if accumulate is not 0.
void canopy_packed_product(size_t rows, size_t outputs, size_t inputs, const float *x, size_t ldx, const float *packed,
                           float *y, size_t ldy, int accumulate);

// w [outputs x inputs] += dT x, for d [rows x outputs] and x [rows x inputs]: the gradient of a layer's weights
// from those of its results and from its inputs.
void canopy_add_outer_products(size_t rows, size_t outputs, size_t inputs, const float *d, size_t ldd, const float *x,
                               size_t ldx, float *w, size_t ldw);

// --- The recursive cells (arXiv:1702.00748, section 3.1 and appendix A) ---

// A layer with its packed weight; transposed is packed for the product with gradients, and is not read forward.
struct canopy_layer {
  const float *packed;
  const float *transposed;
  const float *bias;
};

// The layers of a cell and the number of components of its state and of its input. The choice has three
// blocks of outputs, the differences to the fourth, as a softmax over all four needs no more than the
// differences.
struct canopy_cell {
  size_t width, features;
  struct canopy_layer local, reset, candidate, choice;
};

// The splittings of one height. left and right are rows of state; a row of any other array is a splitting.
// Forward, q, gates and choices have one row a splitting if keep is not 0, else canopy_scratch_rows rows that
// are used again and again.
struct canopy_splittings {
  size_t rows;
  const int32_t *left, *right;
  const float *input;  // [rows x features]
  float *q;            // gated: [rows x 4 width]: new, left, right and local state; simple: the last three
  float *gates;        // gated: [rows x 3 width]
  float *gated;        // gated, forward: [canopy_scratch_rows x 3 width]
  float *choices;      // gated: [rows x 3 width], the softmax but for its last block
  float *h;            // [rows x width], a part of state
};

// The gradients of the arrays of canopy_splittings.
struct canopy_splitting_gradients {
  float *q, *gates, *choices;  // one row a splitting, those before the ReLU, the sigmoid and the softmax
  float *gated;                // one row a splitting; becomes the inputs of the candidate, not their gradients
  float *h;                    // one row a splitting, a part of state; simple: becomes that before the ReLU
  float *state;                // written at the rows of the children
};

size_t canopy_scratch_rows(void);

// h of nodes without children: [rows x width].
void canopy_leaves_forward(const struct canopy_cell *cell, size_t rows, const float *input, float *h);
void canopy_gated_forward(const struct canopy_cell *cell, const struct canopy_splittings *splittings,
                          const float *state, int keep);
void canopy_gated_backward(const struct canopy_cell *cell, const struct canopy_splittings *splittings,
                           const struct canopy_splitting_gradients *gradients);
void canopy_simple_forward(const struct canopy_cell *cell, const struct canopy_splittings *splittings,
                           const float *state, int keep);
void canopy_simple_backward(const struct canopy_cell *cell, const struct canopy_splittings *splittings,
                            const struct canopy_splitting_gradients *gradients);

// --- The gated recurrent unit (arXiv:1406.1078, with the reset gate after the recurrent product) ---

// The layers W, b and U, c of a unit, each with the rows of r, z and n in this order, and the components of h.
struct canopy_gru {
  size_t width;
  struct canopy_layer input, recurrent;
};

// Sequences by falling length, so that those that have not ended at a step are the first.
struct canopy_sequences {
  const int32_t *running;  // how many sequences are longer than each step from 0 on; the last is 0
  const int32_t *items;    // the item that is read, for each sequence that has not ended, step after step
  const int32_t *results;  // the row of the results of each sequence that is not empty
};

// h after the last item of each sequence, written to the rows of result [sequences x width]; those of empty
// sequences are left alone. input is W x of each item [items x 3 width]. If keep is not 0, state becomes h
// before each step and gates r, z, U_n h + c_n and n after it, a row for each entry of `items`; else they
// have running[0] rows and canopy_scratch_rows rows.
void canopy_gru_forward(const struct canopy_gru *gru, const struct canopy_sequences *sequences, const float *input,
                        float *state, float *gates, float *result, int keep);
// From what was kept and the gradient of the results, the gradients of W x + b [items x 3 width] and, a row for each
// entry of `items`, of U h + c. dstate has running[0] rows.
void canopy_gru_backward(const struct canopy_gru *gru, const struct canopy_sequences *sequences, const float *state,
                         const float *gates, const float *dresult, float *dstate, float *dinput, float *drecurrent);

// --- The optimiser ---

// The sum of squares of n floats, in double precision and in a fixed order.
double canopy_sum_of_squares(size_t n, const float *x);
// One step of Adam with decoupled weight decay (arXiv:1711.05101, algorithm 2) on n parameters.
// The gradient is multiplied by gradient_scale first; correction1 and correction2 are 1 - beta^t.
void canopy_adamw(size_t n, float *parameters, const float *gradient, float *m, float *v, float gradient_scale,
                  float learning_rate, float beta1, float beta2, float epsilon, float correction1, float correction2,
                  float weight_decay);
// One step of Lion with decoupled weight decay (arXiv:2302.06675, program 1) on n parameters.
// The gradient is multiplied by gradient_scale first.
void canopy_lion(size_t n, float *parameters, const float *gradient, float *m, float gradient_scale,
                 float learning_rate, float beta1, float beta2, float weight_decay);

#endif
