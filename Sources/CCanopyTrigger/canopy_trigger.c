// SPDX-License-Identifier: GPL-3.0-or-later

// The functions of this header are defined in Swift; that it is C is checked here.
#include "canopy_trigger.h"
