/*
 * The folder of the configuration that the programs of this kit write: in a scratch directory, which
 * HOME names, and on Windows APPDATA.
 */
#pragma once
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_BYTES = 4096 };

#ifdef _WIN32

#include <direct.h>
#define SCRATCH "APPDATA"
#define FOLDER "koe"

static inline bool is_the_users_own(const char *directory) {
    const char *profile = getenv("USERPROFILE");
    char usual[PATH_BYTES];
    snprintf(usual, sizeof usual, "%s\\AppData\\Roaming", profile ? profile : "");
    return _stricmp(usual, directory) == 0;
}

static inline bool make_folder(const char *path) { return _mkdir(path) == 0; }

#else

#include <pwd.h>
#include <unistd.h>
#define SCRATCH "HOME"
#define FOLDER ".koe"

static inline bool is_the_users_own(const char *directory) {
    const struct passwd *user = getpwuid(getuid());
    return user && strcmp(user->pw_dir, directory) == 0;
}

static inline bool make_folder(const char *path) { return mkdir(path, 0700) == 0; }

#endif

/* Write the folder's path, which need not exist. Refuses the user's own: what is in there will be
 * overwritten. */
static inline bool find_folder(char folder[PATH_BYTES]) {
    const char *scratch = getenv(SCRATCH);
    if (!scratch || !*scratch || is_the_users_own(scratch)) {
        fprintf(stderr, SCRATCH " must be a scratch directory\n");
        return false;
    }
    return snprintf(folder, PATH_BYTES, "%s/%s", scratch, FOLDER) < PATH_BYTES;
}

/* As find_folder, and the folder is there. */
static inline bool prepare_folder(char folder[PATH_BYTES]) {
    if (!find_folder(folder))
        return false;
    if (make_folder(folder) || errno == EEXIST)
        return true;
    perror(folder);
    return false;
}
