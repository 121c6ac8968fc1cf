// SPDX-License-Identifier: GPL-3.0-or-later
// The entry points of libFuzzer, for which LLVM has no header in C, and zlib's checksum.

#ifndef CANOPY_FUZZING_H
#define CANOPY_FUZZING_H

#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

/// Runs libFuzzer with the arguments of a command line; `run` gets each input.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *data, size_t size));

/// Mutates `size` bytes in place as libFuzzer does by itself, and returns the new size, at most `maximum`.
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maximum);

#endif
