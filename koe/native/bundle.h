/* A Python that was made for this library, and comes along with it (koe bundle). */
#pragma once
#include <stdbool.h>

#include "runtime.h"

/* Whether it is whole, of this library's version, and no other user's. False with a sentence that says what is
 * wrong and what to do. */
bool koe_check_bundle(const char *home, char sentence[KOE_SENTENCE_SIZE]);
