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
    bool exists; /* also true if this user may not search the folder of the file */
    bool is_directory;
    bool is_readable; /* for this user */
    long long size;
    const char *why_untrusted; /* why others could change it, and the remedy; NULL if none could */
} koe_file;

koe_file koe_examine(const char *path);

/* Open a file for reading; NULL on failure. */
FILE *koe_open_text(const char *path);

/* Write the path of a name in a folder; false if it is too long. */
bool koe_join(char path[KOE_PATH_SIZE], const char *folder, const char *name);

/* Remove this many names from the end of a path; false if it does not have as many. */
bool koe_cut(char *path, int names);

/* Follow the links in an existing path; false if it does not exist. Not for Windows. */
bool koe_resolve(char path[KOE_PATH_SIZE]);
