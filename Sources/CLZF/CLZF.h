// SPDX-License-Identifier: GPL-3.0-or-later
// liblzf, which decompresses chunks of HDF5 that h5py wrote with its filter LZF.

#ifndef CANOPY_CLZF_H
#define CANOPY_CLZF_H

#include <liblzf/lzf.h>

#endif
