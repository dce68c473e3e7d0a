/* The Python library: loaded by its path when it is needed, so that a program starts without it. */
#pragma once
#include <stdbool.h>

#include "runtime.h"

/* Whether this process already has a Python library. If so, it is used from now on: one process can't have
 * two. False with a message in "sentence" if its version is wrong; false without one if there is no
 * library. */
bool koe_find_libpython(char sentence[KOE_SENTENCE_SIZE]);

/* Load the library. If false, the sentence names the problem and the remedy. */
bool koe_load_libpython(const char *path, char sentence[KOE_SENTENCE_SIZE]);

/* The path of the loaded library; false if it is unknown. */
bool koe_libpython_place(char place[KOE_PATH_SIZE]);
