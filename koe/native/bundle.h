/* A Python that was made for this library, and is shipped with it (koe bundle). */
#pragma once
#include <stdbool.h>

#include "runtime.h"

/* Whether the bundle is complete, is for this library's version, and can't be changed by another
 * user. If false, the sentence names the problem and the remedy. */
bool koe_check_bundle(const char *home, char sentence[KOE_SENTENCE_SIZE]);
