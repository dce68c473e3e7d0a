/* Files and folders by their paths, which are UTF-8. */
#pragma once
#include <stdbool.h>
#include <stdio.h>

#define KOE_PATH_SIZE 4096

#ifdef _WIN32
#define SEP "\\"
#else
#define SEP "/"
#endif

typedef struct koe_file {
    bool exists;
    bool is_directory;
    bool is_readable; /* for this user */
    long long size;
    const char *why_untrusted; /* why code in it may be another user's, and what to do; NULL if it may not */
} koe_file;

koe_file koe_examine(const char *path);

/* Open it for reading; NULL if that is not possible. */
FILE *koe_open_text(const char *path);

/* Write the path of a name in a folder; false if it is too long. */
bool koe_join(char path[KOE_PATH_SIZE], const char *folder, const char *name);

/* Cut so many names off the end of a path; false if it does not have as many. */
bool koe_cut(char *path, int names);

/* Follow the links in a path that is there; false if it is not. Not for Windows. */
bool koe_resolve(char path[KOE_PATH_SIZE]);
