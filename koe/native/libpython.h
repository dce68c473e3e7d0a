/* The Python library: loaded by its path when it is needed, so that a program starts without it. */
#pragma once
#include <stdbool.h>

#include "runtime.h"

/* Whether this process has a Python library already. If so, it is the one that is used from now on: two
 * can't be in one process. False with a sentence in "sentence" if it has one of another version, or without
 * one if it has none. */
bool koe_find_libpython(char sentence[KOE_SENTENCE_SIZE]);

/* Load it. False with a sentence that says why not, and what to do. */
bool koe_load_libpython(const char *path, char sentence[KOE_SENTENCE_SIZE]);

/* The path of the one that is loaded; false if it is not known. */
bool koe_libpython_place(char place[KOE_PATH_SIZE]);
