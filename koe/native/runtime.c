/*
 * Python is searched for relative to the library, so that both can be moved together. The first of
 * these that exists is used; if it is damaged, the others are not tried:
 *
 *     koe-runtime/               beside the library
 *     ../koe-runtime/            in a prefix with lib/ or bin/
 *     ../Resources/koe-runtime/  in an application on macOS, whose libraries are in Frameworks/
 *     the environment            in which the library was installed as a part of a Python package
 *     the Python of the build    on the computer that compiled the library (build_ffi.py)
 */
#include "runtime.h"

#include "bundle.h"
#include "paths.h"

#include <Python.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PYTHON_DIR "python" Py_STRINGIFY(PY_MAJOR_VERSION) "." Py_STRINGIFY(PY_MINOR_VERSION)

#ifdef _WIN32
#define STANDARD_LIBRARY "Lib"
#define EXTENSIONS "DLLs"
#define LIBRARIES "."
#define BELOW_ENVIRONMENT 2 /* Lib\site-packages */
#else
#define STANDARD_LIBRARY "lib/" PYTHON_DIR
#define EXTENSIONS STANDARD_LIBRARY "/lib-dynload"
#define LIBRARIES "lib"
#define BELOW_ENVIRONMENT 3 /* lib/python3.x/site-packages */
#endif
#define LANDMARK STANDARD_LIBRARY SEP "os.py"
#define SITE_PACKAGES STANDARD_LIBRARY SEP "site-packages"
/* Debian's folders for packages from pip and for its own packages. */
#define LOCAL_PACKAGES "local/" STANDARD_LIBRARY "/dist-packages"
#define SYSTEM_PACKAGES "lib/python3/dist-packages"

/* Number of names to remove from the library's path, and the name to append. */
static const struct {
    int cut;
    const char *name;
} bundles[] = {{1, "koe-runtime"}, {2, "koe-runtime"}, {2, "Resources" SEP "koe-runtime"}};

#ifdef KOE_PYTHON_HOME
static const char *const built[] = {KOE_PYTHON_PATH, NULL};
#endif

static bool add(koe_runtime *runtime, const char *path) {
    int size = snprintf(runtime->paths[runtime->count], KOE_PATH_SIZE, "%s", path);
    runtime->count++;
    return size > 0 && size < KOE_PATH_SIZE;
}

/* Add the folders of a Python below its home, and a folder of packages: this one, or Python's own
 * if it is NULL. False if a path is too long. */
static bool add_python(koe_runtime *runtime, const char *packages) {
    char path[KOE_PATH_SIZE];
    return koe_join(path, runtime->home, STANDARD_LIBRARY) && add(runtime, path) &&
           koe_join(path, runtime->home, EXTENSIONS) && add(runtime, path) &&
           (packages || koe_join(path, runtime->home, SITE_PACKAGES)) &&
           add(runtime, packages ? packages : path);
}

static bool find_bundle(char home[KOE_PATH_SIZE], const char *place) {
    char folder[KOE_PATH_SIZE];
    for (size_t i = 0; i < sizeof bundles / sizeof *bundles; i++) {
        snprintf(folder, sizeof folder, "%s", place);
        if (koe_cut(folder, bundles[i].cut) && koe_join(home, folder, bundles[i].name) &&
            koe_examine(home).is_directory)
            return true;
    }
    return false;
}

static bool is_home(const char *folder) {
    char path[KOE_PATH_SIZE];
    return koe_join(path, folder, LANDMARK) && koe_examine(path).exists;
}

/* Write the home of the Python of a virtual environment. The file pyvenv.cfg names it, perhaps
 * through a link. Without this file, the environment itself is written: it is a Python, or has only
 * packages. Returns whether pyvenv.cfg names a home. */
static bool read_home(char home[KOE_PATH_SIZE], const char *environment) {
    char path[KOE_PATH_SIZE], line[KOE_PATH_SIZE], named[KOE_PATH_SIZE] = "";
    FILE *file = koe_join(path, environment, "pyvenv.cfg") ? koe_open_text(path) : NULL;
    while (file && !*named && fgets(line, sizeof line, file))
        if (sscanf(line, " home = %4095[^\r\n]", named) != 1)
            named[0] = '\0';
    if (file)
        fclose(file);
    snprintf(home, KOE_PATH_SIZE, "%s", *named ? named : environment);
#ifndef _WIN32
    if (*named && koe_join(path, named, PYTHON_DIR) && koe_resolve(path) && koe_cut(path, 2) && is_home(path))
        snprintf(home, KOE_PATH_SIZE, "%s", path);
    else if (*named)
        koe_cut(home, 1); /* bin */
#endif
    return *named;
}

/* Shorten a path to its last folder with this name, which has separators at both ends. False if
 * there is no such folder. */
static bool cut_after(char *path, const char *name) {
    char *found = NULL;
    for (char *at = path; (at = strstr(at, name)); at++)
        found = at;
    if (found)
        found[strlen(name) - 1] = '\0';
    return found;
}

/* Find the folder of packages that contains the library, and the Python to which the folder
 * belongs. On Debian, the folder is named dist-packages. */
static bool find_environment(koe_runtime *runtime, char packages[KOE_PATH_SIZE], const char *place) {
    snprintf(packages, KOE_PATH_SIZE, "%s", place);
    if (!cut_after(packages, SEP "site-packages" SEP) && !cut_after(packages, SEP "dist-packages" SEP))
        return false;
    char environment[KOE_PATH_SIZE];
    snprintf(environment, sizeof environment, "%s", packages);
    if (!koe_cut(environment, BELOW_ENVIRONMENT))
        return false;
    runtime->is_apart = !read_home(runtime->home, environment) && !is_home(environment);
    return true;
}

/* The Python library is below Python's home. If not, the system searches for it by its name. */
static void find_library(koe_runtime *runtime) {
    char folder[KOE_PATH_SIZE];
    if (!koe_join(folder, runtime->home, LIBRARIES) ||
        !koe_join(runtime->library, folder, KOE_PYTHON_LIBRARY_NAME) ||
        !koe_examine(runtime->library).exists)
        snprintf(runtime->library, KOE_PATH_SIZE, "%s", KOE_PYTHON_LIBRARY_NAME);
}

/* The Python with which the library was built; libraries for bundles and wheels have none. */
static bool add_built(koe_runtime *runtime, const char *place, char sentence[KOE_SENTENCE_SIZE]) {
#ifdef KOE_PYTHON_HOME
    (void)place, (void)sentence;
    snprintf(runtime->home, KOE_PATH_SIZE, "%s", KOE_PYTHON_HOME);
    snprintf(runtime->library, KOE_PATH_SIZE, "%s", KOE_PYTHON_LIBRARY);
    for (const char *const *entry = built; *entry && runtime->count < KOE_MOST_PATHS; entry++)
        add(runtime, *entry);
    return true;
#else
    (void)runtime;
    snprintf(sentence, KOE_SENTENCE_SIZE,
             "there is no folder koe-runtime near %.350s; copy the whole bundle again, or leave "
             "the library of a wheel in the folder where it was installed", place);
    return false;
#endif
}

bool koe_find_runtime(koe_runtime *runtime, const char *place, char sentence[KOE_SENTENCE_SIZE]) {
    char packages[KOE_PATH_SIZE];
    bool fits = true;
    runtime->count = 0;
    runtime->is_apart = false;
    if (find_bundle(runtime->home, place)) {
        if (!koe_check_bundle(runtime->home, sentence))
            return false;
        fits = add_python(runtime, NULL);
        find_library(runtime);
    } else if (find_environment(runtime, packages, place)) {
        fits = add_python(runtime, packages);
        find_library(runtime);
    } else if (!add_built(runtime, place, sentence)) {
        return false;
    }
    if (!fits)
        snprintf(sentence, KOE_SENTENCE_SIZE,
                 "a path of the Python in %.350s is too long; move koe to a shorter one", runtime->home);
    return fits;
}

bool koe_find_home(koe_runtime *runtime, const char *libpython) {
    static const char *const packages[] = {SITE_PACKAGES, LOCAL_PACKAGES, SYSTEM_PACKAGES};
    char path[KOE_PATH_SIZE];
    snprintf(runtime->home, KOE_PATH_SIZE, "%s", libpython);
    do {
        if (!koe_cut(runtime->home, 1) || !*runtime->home)
            return false;
    } while (!is_home(runtime->home));
    for (size_t i = 0; i < sizeof packages / sizeof *packages; i++)
        if (koe_join(path, runtime->home, packages[i]))
            add(runtime, path);
    return koe_join(runtime->paths[0], runtime->home, STANDARD_LIBRARY) &&
           koe_join(runtime->paths[1], runtime->home, EXTENSIONS);
}

bool koe_has_standard_library(const koe_runtime *runtime, char sentence[KOE_SENTENCE_SIZE]) {
    if (koe_examine(runtime->paths[0]).is_directory)
        return true;
    snprintf(sentence, KOE_SENTENCE_SIZE,
             "Python's standard library is missing: there is no folder %.400s; install koe again",
             runtime->paths[0]);
    return false;
}
