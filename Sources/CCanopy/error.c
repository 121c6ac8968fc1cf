// SPDX-License-Identifier: GPL-3.0-or-later

#include "canopy_internal.h"

#include <stdio.h>

// Of each thread, so that nothing has to be freed when one ends.
static _Thread_local char message[8192];
static _Thread_local char file[4096];
static _Thread_local char field[256];
static _Thread_local canopy_status status = CANOPY_OK;
static _Thread_local int64_t event = -1;

void canopy_set_error(canopy_status new_status, const char *new_message, const char *new_file, int64_t new_event,
                      const char *new_field) {
  status = new_status;
  event = new_event;
  snprintf(message, sizeof message, "%s", new_message);
  snprintf(file, sizeof file, "%s", new_file);
  snprintf(field, sizeof field, "%s", new_field);
}

const char *canopy_error_message(void) { return message; }
canopy_status canopy_error_status(void) { return status; }
int64_t canopy_error_event(void) { return event; }
const char *canopy_error_field(void) { return field; }
const char *canopy_error_file(void) { return file; }
