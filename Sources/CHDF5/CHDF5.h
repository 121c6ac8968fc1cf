// SPDX-License-Identifier: GPL-3.0-or-later
// HDF5, and those of its macros that Swift cannot read, as functions.

#ifndef CANOPY_CHDF5_H
#define CANOPY_CHDF5_H

#include <hdf5.h>
#include <stdbool.h>

static inline hid_t canopy_hdf5_native_double(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t canopy_hdf5_native_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t canopy_hdf5_native_uint64(void) { return H5T_NATIVE_UINT64; }
// Whether integers have a sign.
static inline bool canopy_hdf5_is_signed(hid_t type) { return H5Tget_sign(type) != H5T_SGN_NONE; }
static inline hid_t canopy_hdf5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t canopy_hdf5_dataset_access(void) { return H5P_DATASET_ACCESS; }
static inline hid_t canopy_hdf5_link_access(void) { return H5P_LINK_ACCESS; }
static inline unsigned canopy_hdf5_read_only(void) { return H5F_ACC_RDONLY; }

// The kind of a link, and the bytes that its value takes if it is not a hard link; negative if there is no
// link. H5Lget_info is a macro from HDF5 1.12 on.
static inline int canopy_hdf5_link_kind(hid_t file, const char *name, hid_t access, size_t *value_size) {
#if H5_VERSION_GE(1, 12, 0)
  H5L_info2_t info;
  if (H5Lget_info2(file, name, &info, access) < 0) return -1;
#else
  H5L_info_t info;
  if (H5Lget_info(file, name, &info, access) < 0) return -1;
#endif
  *value_size = info.type == H5L_TYPE_HARD ? 0 : info.u.val_size;
  return (int)info.type;
}

// Where the header of an object begins, from the start of the file's data; HADDR_UNDEF if that is not known.
static inline haddr_t canopy_hdf5_object_address(hid_t object) {
#if H5_VERSION_GE(1, 12, 0)
  H5O_info1_t info;
#else
  H5O_info_t info;
#endif
  return H5Oget_info2(object, &info, H5O_INFO_BASIC) < 0 ? HADDR_UNDEF : info.addr;
}

static inline haddr_t canopy_hdf5_no_address(void) { return HADDR_UNDEF; }

#endif
