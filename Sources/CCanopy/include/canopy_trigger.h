// SPDX-License-Identifier: GPL-3.0-or-later

// The trigger alone had this header; canopy.h has it now.

#ifndef CANOPY_TRIGGER_H
#define CANOPY_TRIGGER_H

#include "canopy.h"

#endif
