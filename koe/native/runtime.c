/*
 * The Python is looked for where the library is, so that both may be moved together. The first of these
 * that is there is used, and no other one if there is something wrong with it:
 *
 *     koe-runtime/               beside the library
 *     ../koe-runtime/            of a prefix with lib/ or bin/
 *     ../Resources/koe-runtime/  of an application on macOS, whose libraries are in Frameworks/
 *     the environment            that the library was installed in as a part of a Python package
 *     what it was built with     on the computer of its builder (build_ffi.py)
 */
#include "runtime.h"

#include <Python.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PYTHON_DIR "python" Py_STRINGIFY(PY_MAJOR_VERSION) "." Py_STRINGIFY(PY_MINOR_VERSION)

#ifdef _WIN32
#include <windows.h>
#define SEP "\\"
#define STANDARD_LIBRARY "Lib"
#define EXTENSIONS "DLLs"
#define BELOW_ENVIRONMENT 2 /* Lib\site-packages */
#else
#include <sys/stat.h>
#include <unistd.h>
#define SEP "/"
#define STANDARD_LIBRARY "lib/" PYTHON_DIR
#define EXTENSIONS STANDARD_LIBRARY "/lib-dynload"
#define BELOW_ENVIRONMENT 3 /* lib/python3.x/site-packages */
#endif
#define SITE_PACKAGES STANDARD_LIBRARY SEP "site-packages"

/* Relative to the folder of the library. */
static const char *const bundles[] = {"koe-runtime", ".." SEP "koe-runtime",
                                      ".." SEP "Resources" SEP "koe-runtime"};

static const char *const built[] = {KOE_PYTHON_PATH, NULL};

/* --- the file system --------------------------------------------------------------------------- */

#ifdef _WIN32

static bool widen(wchar_t wide[KOE_PATH_SIZE], const char *path) {
    return MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, KOE_PATH_SIZE) > 0;
}

static bool is_directory(const char *path) {
    wchar_t wide[KOE_PATH_SIZE];
    if (!widen(wide, path))
        return false;
    DWORD attributes = GetFileAttributesW(wide);
    return attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_DIRECTORY;
}

static FILE *open_text(const char *path) {
    wchar_t wide[KOE_PATH_SIZE];
    return widen(wide, path) ? _wfopen(wide, L"r") : NULL;
}

/* It has no such modes: who may write to where a program lies may replace the library too. */
static const char *why_untrusted(const char *path) {
    (void)path;
    return NULL;
}

#else

static bool is_directory(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static FILE *open_text(const char *path) {
    return fopen(path, "r");
}

/* Why code from this folder may be another user's; NULL if it may not. */
static const char *why_untrusted(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0)
        return NULL; /* what is missing has no code */
    if (status.st_mode & S_IWOTH)
        return "every user may write to it; take that right away (chmod -R o-w)";
    if (status.st_uid != 0 && status.st_uid != geteuid())
        return "it belongs to another user; install koe again as this one";
    return NULL;
}

#endif

/* Cut so many names off the end of a path; false if there are not as many. */
static bool cut(char *path, int names) {
    for (; names > 0; names--) {
        char *end = strrchr(path, SEP[0]);
        if (!end)
            return false;
        *end = '\0';
    }
    return true;
}

/* --- the candidates ---------------------------------------------------------------------------- */

static bool join(char path[KOE_PATH_SIZE], const char *folder, const char *name) {
    int size = snprintf(path, KOE_PATH_SIZE, "%s" SEP "%s", folder, name);
    return size > 0 && size < KOE_PATH_SIZE;
}

static bool add(koe_runtime *runtime, const char *path) {
    int size = snprintf(runtime->paths[runtime->count], KOE_PATH_SIZE, "%s", path);
    runtime->count++;
    return size > 0 && size < KOE_PATH_SIZE;
}

/* What a Python has below its home; its own packages only where no others are given. */
static bool add_python(koe_runtime *runtime, const char *packages) {
    char path[KOE_PATH_SIZE];
    return join(path, runtime->home, STANDARD_LIBRARY) && add(runtime, path) &&
           join(path, runtime->home, EXTENSIONS) && add(runtime, path) &&
           (packages || join(path, runtime->home, SITE_PACKAGES)) &&
           add(runtime, packages ? packages : path);
}

static bool find_bundle(char home[KOE_PATH_SIZE], const char *place) {
    char folder[KOE_PATH_SIZE];
    snprintf(folder, sizeof folder, "%s", place);
    if (!cut(folder, 1))
        return false;
    for (size_t i = 0; i < sizeof bundles / sizeof *bundles; i++)
        if (join(home, folder, bundles[i]) && is_directory(home))
            return true;
    return false;
}

static const char *why_bundle_is_untrusted(const koe_runtime *runtime, const char **where) {
    const char *why = why_untrusted(*where = runtime->home);
    for (int i = 0; i < runtime->count && !why; i++)
        why = why_untrusted(*where = runtime->paths[i]);
    return why;
}

/* The home that a virtual environment names in its pyvenv.cfg: where its Python lies. Without that file
 * the environment is a Python itself. */
static void read_home(char home[KOE_PATH_SIZE], const char *environment) {
    char path[KOE_PATH_SIZE], line[KOE_PATH_SIZE], named[KOE_PATH_SIZE] = "";
    FILE *file = join(path, environment, "pyvenv.cfg") ? open_text(path) : NULL;
    while (file && !*named && fgets(line, sizeof line, file))
        if (sscanf(line, " home = %4095[^\r\n]", named) != 1)
            named[0] = '\0';
    if (file)
        fclose(file);
    snprintf(home, KOE_PATH_SIZE, "%s", *named ? named : environment);
#ifndef _WIN32
    if (*named)
        cut(home, 1); /* bin */
#endif
}

/* Find the site-packages that the library is in somewhere, and the Python that it belongs to. */
static bool find_environment(char home[KOE_PATH_SIZE], char packages[KOE_PATH_SIZE],
                             const char *place) {
    static const char name[] = SEP "site-packages" SEP;
    snprintf(packages, KOE_PATH_SIZE, "%s", place);
    char *found = NULL;
    for (char *at = packages; (at = strstr(at, name)); at++)
        found = at;
    if (!found)
        return false;
    found[sizeof name - 2] = '\0';
    char environment[KOE_PATH_SIZE];
    snprintf(environment, sizeof environment, "%s", packages);
    if (!cut(environment, BELOW_ENVIRONMENT))
        return false;
    read_home(home, environment);
    return true;
}

bool koe_find_runtime(koe_runtime *runtime, const char *place, char sentence[KOE_SENTENCE_SIZE]) {
    char packages[KOE_PATH_SIZE];
    bool fits = true;
    runtime->count = 0;
    if (find_bundle(runtime->home, place)) {
        fits = add_python(runtime, NULL);
        const char *where, *why = why_bundle_is_untrusted(runtime, &where);
        if (why) {
            snprintf(sentence, KOE_SENTENCE_SIZE, "%.350s is not used: %s", where, why);
            return false;
        }
    } else if (find_environment(runtime->home, packages, place)) {
        fits = add_python(runtime, packages);
    } else {
        snprintf(runtime->home, KOE_PATH_SIZE, "%s", KOE_PYTHON_HOME);
        for (const char *const *entry = built; *entry && runtime->count < KOE_MOST_PATHS; entry++)
            fits = fits && add(runtime, *entry);
    }
    if (!fits) {
        snprintf(sentence, KOE_SENTENCE_SIZE,
                 "a path of the Python in %.350s is too long; move koe to a shorter one", runtime->home);
        return false;
    }
    if (!is_directory(runtime->paths[0])) {
        snprintf(sentence, KOE_SENTENCE_SIZE,
                 "there is no Python library in %.400s; install koe again", runtime->paths[0]);
        return false;
    }
    return true;
}
