// SPDX-License-Identifier: GPL-3.0-or-later
// HDF5 and, as functions, those of its macros that Swift cannot read.

#ifndef CANOPY_CHDF5_H
#define CANOPY_CHDF5_H

#include <hdf5.h>

static inline hid_t canopy_hdf5_native_double(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t canopy_hdf5_native_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t canopy_hdf5_native_int32(void) { return H5T_NATIVE_INT32; }
static inline hid_t canopy_hdf5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t canopy_hdf5_dataset_access(void) { return H5P_DATASET_ACCESS; }
static inline unsigned canopy_hdf5_read_only(void) { return H5F_ACC_RDONLY; }

#endif
