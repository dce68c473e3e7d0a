#include "paths.h"

#include <string.h>

#ifdef _WIN32

#include <windows.h>

static bool widen(wchar_t wide[KOE_PATH_SIZE], const char *path) {
    return MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, KOE_PATH_SIZE) > 0;
}

/* Permissions are not checked on Windows: a user who may write to a program's folder may replace
 * the library too. */
koe_file koe_examine(const char *path) {
    wchar_t wide[KOE_PATH_SIZE];
    WIN32_FILE_ATTRIBUTE_DATA data;
    if (!widen(wide, path) || !GetFileAttributesExW(wide, GetFileExInfoStandard, &data))
        return (koe_file){.exists = false};
    return (koe_file){
        .exists = true,
        .is_directory = data.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY,
        .is_readable = true,
        .size = (long long)data.nFileSizeHigh << 32 | data.nFileSizeLow,
    };
}

FILE *koe_open_text(const char *path) {
    wchar_t wide[KOE_PATH_SIZE];
    return widen(wide, path) ? _wfopen(wide, L"r") : NULL;
}

#else

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A group of administrators, or the group that has only its owner, by the convention of Linux. */
static bool is_private_group(gid_t group, uid_t owner) {
#ifdef __APPLE__
    if (group == 80) /* admin */
        return true;
#endif
    return group == 0 || group == owner;
}

koe_file koe_examine(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0)
        return (koe_file){.exists = errno == EACCES};
    koe_file file = {
        .exists = true,
        .is_directory = S_ISDIR(status.st_mode),
        .is_readable = status.st_mode & S_IROTH || access(path, R_OK) == 0,
        .size = (long long)status.st_size,
    };
    if (status.st_mode & S_IWOTH)
        file.why_untrusted = "every user may write to it; take that right away (chmod -R o-w)";
    else if (status.st_mode & S_IWGRP && !is_private_group(status.st_gid, status.st_uid))
        file.why_untrusted = "other users of its group may write to it; take that right away (chmod -R g-w)";
    else if (status.st_uid != 0 && status.st_uid != geteuid())
        file.why_untrusted = "it belongs to another user; install koe again as the present user";
    return file;
}

FILE *koe_open_text(const char *path) {
    return fopen(path, "r");
}

bool koe_resolve(char path[KOE_PATH_SIZE]) {
    char *resolved = realpath(path, NULL);
    int size = resolved ? snprintf(path, KOE_PATH_SIZE, "%s", resolved) : 0;
    free(resolved);
    return size > 0 && size < KOE_PATH_SIZE;
}

#endif

bool koe_join(char path[KOE_PATH_SIZE], const char *folder, const char *name) {
    int size = snprintf(path, KOE_PATH_SIZE, "%s" SEP "%s", folder, name);
    return size > 0 && size < KOE_PATH_SIZE;
}

bool koe_cut(char *path, int names) {
    for (; names > 0; names--) {
        char *end = strrchr(path, SEP[0]);
        if (!end)
            return false;
        *end = '\0';
    }
    return true;
}
