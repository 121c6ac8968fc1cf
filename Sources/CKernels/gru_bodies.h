// SPDX-License-Identifier: GPL-3.0-or-later
//
// The gated recurrent unit over sequences of different lengths, a part of kernel_bodies.h. A step of all sequences
// that are that long is worked through in blocks of rows, as a height of trees is.

// The kept numbers of a row: r, z, U_n h + c_n and n side by side.
INLINE void gru_gates(const struct canopy_gru *gru, size_t rows, const float *input, const int32_t *item,
                      const float *state, float *gates, float *const *next) {
  const size_t width = gru->width;
  const float *bias = gru->input.bias, *inner = gru->recurrent.bias;
  for (size_t i = 0; i < rows; i++) {
    const float *x = input + (size_t)item[i] * 3 * width, *h = state + i * width;
    float *r = gates + i * 4 * width, *z = r + width, *m = z + width, *n = m + width, *out = next[i];
#define BODY(STORE)                                                                                               \
  vec reset = sigmoid_vec(load(x + c) + load(bias + c) + load(r + c) + load(inner + c));                          \
  vec update = sigmoid_vec(load(x + width + c) + load(bias + width + c) + load(z + c) + load(inner + width + c)); \
  vec memory = load(m + c) + load(inner + 2 * width + c);                                                         \
  vec new = tanh_vec(load(x + 2 * width + c) + load(bias + 2 * width + c) + reset * memory);                      \
  vec old = load(h + c);                                                                                          \
  STORE(r + c, reset);                                                                                            \
  STORE(z + c, update);                                                                                           \
  STORE(m + c, memory);                                                                                           \
  STORE(n + c, new);                                                                                              \
  STORE(out + c, new + update *(old - new));
    COLUMNS(width, BODY);
#undef BODY
  }
}

static void gru_forward(const struct canopy_gru *gru, const struct canopy_sequences *s, const float *input,
                        float *state, float *gates, float *result, int keep) {
  const size_t width = gru->width;
  memset(state, 0, (size_t)s->running[0] * width * sizeof *state);
  const int32_t *items = s->items;
  for (size_t step = 0; s->running[step] > 0; step++) {
    const size_t running = (size_t)s->running[step], staying = (size_t)s->running[step + 1];
    float *following = keep ? state + running * width : state;
    for (size_t row = 0; row < running; row += BLOCK_ROWS) {
      const size_t rows = running - row < BLOCK_ROWS ? running - row : BLOCK_ROWS;
      float *block = keep ? gates + row * 4 * width : gates;
      if (step == 0) {
        memset(block, 0, rows * 4 * width * sizeof *block);
      } else {
        packed_product(rows, 3 * width, width, state + row * width, width, gru->recurrent.packed, block, 4 * width, 0);
      }
      float *next[BLOCK_ROWS];
      for (size_t i = 0; i < rows; i++) {
        next[i] = row + i < staying ? following + (row + i) * width : result + (size_t)s->results[row + i] * width;
      }
      gru_gates(gru, rows, input, items + row, state + row * width, block, next);
    }
    items += running;
    state = following;
    if (keep) gates += running * 4 * width;
  }
}

// Finds the gradients of everything that h' was made of from that of h'; dstate becomes the part of the
// gradient of h that comes from h' = ... + z h.
INLINE void gru_gates_backward(const struct canopy_gru *gru, size_t rows, const int32_t *item, const float *state,
                               const float *gates, float *dstate, float *dinput, float *drecurrent) {
  const size_t width = gru->width;
  for (size_t i = 0; i < rows; i++) {
    const float *r = gates + i * 4 * width, *z = r + width, *m = z + width, *n = m + width, *h = state + i * width;
    float *dx = dinput + (size_t)item[i] * 3 * width, *du = drecurrent + i * 3 * width, *dh = dstate + i * width;
#define BODY(STORE)                                                                   \
  vec d = load(dh + c), reset = load(r + c), update = load(z + c), new = load(n + c); \
  vec dnew = d * (splat(1.0f) - update) * (splat(1.0f) - new *new);                   \
  vec dupdate = d * (load(h + c) - new) * update * (splat(1.0f) - update);            \
  vec dreset = dnew * load(m + c) * reset * (splat(1.0f) - reset);                    \
  STORE(dh + c, d * update);                                                          \
  STORE(dx + c, dreset);                                                              \
  STORE(dx + width + c, dupdate);                                                     \
  STORE(dx + 2 * width + c, dnew);                                                    \
  STORE(du + c, dreset);                                                              \
  STORE(du + width + c, dupdate);                                                     \
  STORE(du + 2 * width + c, dnew * reset);
    COLUMNS(width, BODY);
#undef BODY
  }
}

static void gru_backward(const struct canopy_gru *gru, const struct canopy_sequences *s, const float *state,
                         const float *gates, const float *dresult, float *dstate, float *dinput, float *drecurrent) {
  const size_t width = gru->width;
  size_t steps = 0, first = 0;
  while (s->running[steps] > 0) first += (size_t)s->running[steps++];
  for (size_t step = steps; step-- > 0;) {
    const size_t running = (size_t)s->running[step], staying = (size_t)s->running[step + 1];
    first -= running;
    // The sequences that end here.
    gather_rows(running - staying, width, dresult, width, s->results + staying, dstate + staying * width, width);
    for (size_t row = 0; row < running; row += BLOCK_ROWS) {
      const size_t rows = running - row < BLOCK_ROWS ? running - row : BLOCK_ROWS, at = first + row;
      gru_gates_backward(gru, rows, s->items + at, state + at * width, gates + at * 4 * width, dstate + row * width,
                         dinput, drecurrent + at * 3 * width);
      // Before the first step h is 0, whatever the weights.
      if (step > 0) {
        packed_product(rows, width, 3 * width, drecurrent + at * 3 * width, 3 * width, gru->recurrent.transposed,
                       dstate + row * width, width, 1);
      }
    }
  }
}
