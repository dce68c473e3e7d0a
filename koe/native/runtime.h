/* Which Python the library starts, and where that one's modules are. */
#pragma once
#include <stdbool.h>

#define KOE_PATH_SIZE 4096
#define KOE_SENTENCE_SIZE 512
#define KOE_MOST_PATHS 8

typedef struct koe_runtime {
    char home[KOE_PATH_SIZE];
    char paths[KOE_MOST_PATHS][KOE_PATH_SIZE]; /* what sys.path will be; the first is the library */
    int count;
} koe_runtime;

/* Find it, for a library in this place, a path; "" if that is not known. False with a sentence that says
 * what is wrong and what to do. */
bool koe_find_runtime(koe_runtime *runtime, const char *place, char sentence[KOE_SENTENCE_SIZE]);
