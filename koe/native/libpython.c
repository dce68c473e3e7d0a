/*
 * The functions of the Python library are called through a table (python_api.h, which build_ffi.py
 * generates), which is filled when the library is loaded. So a shell starts even if the installation is
 * damaged, and gets an error message.
 */
#define KOE_FILLS_PYTHON_API
#include "python_api.h"

#include "libpython.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

koe_python_api koe_python;

static const char version[] = Py_STRINGIFY(PY_MAJOR_VERSION) "." Py_STRINGIFY(PY_MINOR_VERSION) ".";

/* Called by name in inline functions of Python's headers. */
void _Py_Dealloc(PyObject *object) {
    koe_python._Py_Dealloc(object);
}

#ifdef _WIN32

#include <windows.h>

static void *find_loaded(void) {
    return GetModuleHandleA(KOE_PYTHON_LIBRARY_NAME);
}

/* In a bundle, the libraries for the extension modules are beside Python's library. */
static void let_extensions_find(wchar_t *library) {
    wchar_t *end = wcsrchr(library, L'\\');
    if (end) {
        *end = L'\0';
        AddDllDirectory(library);
    }
}

static void *load(const char *path, char why[KOE_SENTENCE_SIZE]) {
    wchar_t wide[KOE_PATH_SIZE];
    void *library = NULL;
    /* A name without a folder must not be found in the current folder. */
    DWORD search = strpbrk(path, "/\\") ? LOAD_WITH_ALTERED_SEARCH_PATH : LOAD_LIBRARY_SEARCH_DEFAULT_DIRS;
    if (MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, KOE_PATH_SIZE) > 0)
        library = LoadLibraryExW(wide, NULL, search);
    if (library)
        let_extensions_find(wide);
    else
        snprintf(why, KOE_SENTENCE_SIZE, "error %lu", GetLastError());
    return library;
}

static void *find_symbol(void *library, const char *name) {
    return (void *)(size_t)GetProcAddress(library, name);
}

/* Unknown on Windows, so start_own refuses packages that are apart from their Python. */
bool koe_libpython_place(char place[KOE_PATH_SIZE]) {
    (void)place;
    return false;
}

#else

#include <dlfcn.h>

/* The host may contain Python itself, or may have loaded Python's library, perhaps with local
 * visibility. The extension modules need its symbols, so the library is made global. */
static void *find_loaded(void) {
    if (dlsym(RTLD_DEFAULT, "Py_IsInitialized"))
        return dlopen(NULL, RTLD_NOW);
    return dlopen(KOE_PYTHON_LIBRARY_NAME, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD);
}

static void *load(const char *path, char why[KOE_SENTENCE_SIZE]) {
    void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (!library)
        snprintf(why, KOE_SENTENCE_SIZE, "%.400s", dlerror());
    return library;
}

static void *find_symbol(void *library, const char *name) {
    return dlsym(library, name);
}

bool koe_libpython_place(char place[KOE_PATH_SIZE]) {
    Dl_info library;
    return dladdr(*(void **)&koe_python.Py_GetVersion, &library) && realpath(library.dli_fname, place);
}

#endif

static bool fill(void *library, char sentence[KOE_SENTENCE_SIZE]) {
#define KOE_API_ENTRY(name) {#name, (void **)&koe_python.name},
    static const struct {
        const char *name;
        void **function;
    } entries[] = {KOE_PYTHON_API(KOE_API_ENTRY)};
#undef KOE_API_ENTRY
    for (size_t at = 0; at < sizeof entries / sizeof *entries; at++) {
        *entries[at].function = find_symbol(library, entries[at].name);
        if (!*entries[at].function) {
            snprintf(sentence, KOE_SENTENCE_SIZE, "the Python library has no %s; install koe again",
                     entries[at].name);
            return false;
        }
    }
    return true;
}

/* Checked before anything else: another version may lack functions that are called here. */
static bool is_our_version(void *library, const char **running) {
    const char *(*get_version)(void);
    *(void **)&get_version = find_symbol(library, "Py_GetVersion");
    *running = get_version ? get_version() : "2";
    return strncmp(*running, version, sizeof version - 1) == 0;
}

bool koe_find_libpython(char sentence[KOE_SENTENCE_SIZE]) {
    const char *running;
    void *library = find_loaded();
    if (!library)
        return false;
    if (is_our_version(library, &running))
        return fill(library, sentence);
    snprintf(sentence, KOE_SENTENCE_SIZE,
             "this process uses Python %.*s, but koe needs Python %sx; "
             "start the program with that version",
             (int)strcspn(running, " "), running, version);
    return false;
}

bool koe_load_libpython(const char *path, char sentence[KOE_SENTENCE_SIZE]) {
    char why[KOE_SENTENCE_SIZE];
    const char *running;
    void *library = load(path, why);
    if (!library && !strstr(path, SEP)) {
        snprintf(sentence, KOE_SENTENCE_SIZE,
                 "the Python that koe is installed in has no shared library %.100s; install it (Debian: "
                 "apt install libpython" Py_STRINGIFY(PY_MAJOR_VERSION) "." Py_STRINGIFY(PY_MINOR_VERSION)
                 "), or install koe into another Python", path);
        return false;
    }
    if (!library) {
        snprintf(sentence, KOE_SENTENCE_SIZE, "the Python library can't be loaded: %.400s; install koe again",
                 why);
        return false;
    }
    if (is_our_version(library, &running))
        return fill(library, sentence);
    snprintf(sentence, KOE_SENTENCE_SIZE, "%.300s is Python %.*s, but %sx is needed; install koe again", path,
             (int)strcspn(running, " "), running, version);
    return false;
}
