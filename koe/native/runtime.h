/* Which Python the library starts, and where that one's modules are. */
#pragma once
#include "paths.h"

#define KOE_SENTENCE_SIZE 512
#define KOE_MOST_PATHS 8

/* The first of the paths are Python's own: its library, and its extension modules. */
#define KOE_STANDARD_PATHS 2

typedef struct koe_runtime {
    char home[KOE_PATH_SIZE];
    char library[KOE_PATH_SIZE];               /* libpython */
    char paths[KOE_MOST_PATHS][KOE_PATH_SIZE]; /* what sys.path will be */
    int count;
    bool is_apart; /* the packages are in a folder of the user or of the system, without a Python: home is not known */
} koe_runtime;

/* Find it, for a library in this place, a path; "" if that is not known. False with a sentence that says
 * what is wrong and what to do. */
bool koe_find_runtime(koe_runtime *runtime, const char *place, char sentence[KOE_SENTENCE_SIZE]);

/* Where packages are apart: the home is the Python that this libpython, a path, is a part of. Its own packages
 * come after them. False if there is none. */
bool koe_find_home(koe_runtime *runtime, const char *libpython);

/* Whether its standard library is there; false with a sentence if not. */
bool koe_has_standard_library(const koe_runtime *runtime, char sentence[KOE_SENTENCE_SIZE]);
