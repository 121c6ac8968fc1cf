// SPDX-License-Identifier: GPL-3.0-or-later
// Debian's HDF5 can read from Amazon's S3 with curl, which Canopy never asks for. A wheel has this library in the place
// of curl and of all that is behind it: each call fails, as those of a curl that was built without a protocol.

enum { notBuiltIn = 4 };

int curl_global_init(long flags) { return (void)flags, 0; }
void curl_global_cleanup(void) {}
void *curl_easy_init(void) { return 0; }
void curl_easy_cleanup(void *handle) { (void)handle; }
int curl_easy_setopt(void *handle, int option, ...) { return (void)handle, (void)option, notBuiltIn; }
int curl_easy_perform(void *handle) { return (void)handle, notBuiltIn; }
void *curl_slist_append(void *list, const char *text) { return (void)list, (void)text, (void *)0; }
void curl_slist_free_all(void *list) { (void)list; }
