// SPDX-License-Identifier: GPL-3.0-or-later

// The functions of this header are defined in Swift; this file checks that the header is C.
#include "canopy_trigger.h"
