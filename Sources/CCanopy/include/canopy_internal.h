// SPDX-License-Identifier: GPL-3.0-or-later

// What the library itself needs of C.

#ifndef CANOPY_INTERNAL_H
#define CANOPY_INTERNAL_H

#include "canopy.h"

// Keeps what canopy_error_message and its like say of the calling thread; what is too long for the room that each
// thread has is cut off.
void canopy_set_error(canopy_status status, const char *message, const char *file, int64_t event, const char *field);

// Lets libraries that are loaded later find the symbols of this one, also if the program keeps them to itself.
void canopy_share_symbols(void);

#endif
