/* The Python that the library starts, and the folders of its modules. */
#pragma once
#include "paths.h"

#define KOE_SENTENCE_SIZE 512
#define KOE_MOST_PATHS 8

/* The first paths are Python's own: its standard library, and its extension modules. */
#define KOE_STANDARD_PATHS 2

typedef struct koe_runtime {
    char home[KOE_PATH_SIZE];
    char library[KOE_PATH_SIZE];               /* libpython */
    char paths[KOE_MOST_PATHS][KOE_PATH_SIZE]; /* for sys.path */
    int count;
    bool is_apart; /* the packages are in a folder without a Python, so home is unknown */
} koe_runtime;

/* Find the Python for a library with this path ("" if unknown). If false, the sentence names the problem
 * and the remedy. */
bool koe_find_runtime(koe_runtime *runtime, const char *place, char sentence[KOE_SENTENCE_SIZE]);

/* If is_apart: set the home to the Python that contains the libpython with this path, and append
 * that Python's own folders of packages. False if there is no such Python. */
bool koe_find_home(koe_runtime *runtime, const char *libpython);

/* Whether the standard library of the runtime exists; if false, the sentence names the problem and
 * the remedy. */
bool koe_has_standard_library(const koe_runtime *runtime, char sentence[KOE_SENTENCE_SIZE]);
