/*
 * Python is started with an isolated configuration: it reads no environment variable, no user
 * site, no working directory, installs no signal handler, leaves the locale alone, and imports
 * only from the folders that are named here. These are koe-runtime/ beside this library if there
 * is one, and else the places of the Python that the library was built with (build_ffi.py).
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "log.h"
#include "python.h"
#include "seam.h"
#include "thread.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#ifndef _WIN32
#include <dlfcn.h>
#include <pthread.h>
#endif

#define PATH_SIZE 4096
#define ANSWER_SIZE 512
#define PYTHON_DIR "python" Py_STRINGIFY(PY_MAJOR_VERSION) "." Py_STRINGIFY(PY_MINOR_VERSION)

/* What the search path consists of, below the home of a bundled Python. */
#ifdef _WIN32
static const char *const bundled[] = {"Lib", "DLLs", "Lib\\site-packages", NULL};
#define SEPARATOR '\\'
#else
static const char *const bundled[] = {"lib/" PYTHON_DIR, "lib/" PYTHON_DIR "/lib-dynload",
                                      "lib/" PYTHON_DIR "/site-packages", NULL};
#define SEPARATOR '/'
#endif

/* The Python that the library was built with: its home, and its search path. */
static const char *const built_home = KOE_PYTHON_HOME;
static const char *const built[] = {KOE_PYTHON_PATH, NULL};

typedef enum start_state { NOT_TRIED, STARTED, FAILED } start_state;

static koe_lock starting = KOE_LOCK_INIT;
static _Atomic start_state state = NOT_TRIED;
static atomic_bool boundary_ready;
static atomic_bool was_tried; /* before anything of it is done */
static atomic_bool is_fork;   /* of a process in which it was tried: then nothing here is whole */

void koe_boundary_is_ready(void) {
    atomic_store(&boundary_ready, true);
}

/* Where this library lies, as UTF-8, found when it is loaded: a relative path would name another
 * place once the working directory has changed. Empty if it can't be told. */
static char place[PATH_SIZE];

#ifdef _WIN32

__attribute__((constructor)) static void find_place(void) {
    HMODULE module;
    wchar_t wide[PATH_SIZE];
    DWORD flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                  GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    if (!GetModuleHandleExW(flags, (const wchar_t *)&boundary_ready, &module))
        return;
    DWORD size = GetModuleFileNameW(module, wide, PATH_SIZE);
    if (size == 0 || size >= PATH_SIZE ||
        !WideCharToMultiByte(CP_UTF8, 0, wide, -1, place, PATH_SIZE, NULL, NULL))
        place[0] = '\0';
}

static bool is_directory(const char *path) {
    wchar_t wide[PATH_SIZE];
    if (!MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, PATH_SIZE))
        return false;
    DWORD attributes = GetFileAttributesW(wide);
    return attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_DIRECTORY;
}

#else

__attribute__((constructor)) static void find_place(void) {
    Dl_info library;
    if (!dladdr((const void *)&boundary_ready, &library) || !realpath(library.dli_fname, place))
        place[0] = '\0';
}

static bool is_directory(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

#endif

/* Write the path of something in a folder, or with NULL by its own; false if it is too long. */
static bool compose(char path[PATH_SIZE], const char *folder, const char *name) {
    int size = folder ? snprintf(path, PATH_SIZE, "%s%c%s", folder, SEPARATOR, name)
                      : snprintf(path, PATH_SIZE, "%s", name);
    return size >= 0 && size < PATH_SIZE;
}

/* Write the bundled Python's home, if there is one beside this library. */
static bool find_bundle(char home[PATH_SIZE]) {
    char folder[PATH_SIZE];
    memcpy(folder, place, PATH_SIZE);
    char *end = strrchr(folder, SEPARATOR);
    if (!end)
        return false;
    *end = '\0';
    return compose(home, folder, "koe-runtime") && is_directory(home);
}

/* Make libpython's symbols visible to the extension modules, which expect to find them: a host
 * that loaded this library with dlopen may have kept them to itself. */
static void share_libpython(void) {
#if !defined(_WIN32) && defined(RTLD_NOLOAD)
    Dl_info python;
    if (dladdr((const void *)(size_t)&Py_InitializeFromConfig, &python) && python.dli_fname)
        dlopen(python.dli_fname, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD);
#endif
}

static PyStatus append_path(PyConfig *config, const char *path) {
    wchar_t *wide = Py_DecodeLocale(path, NULL);
    if (!wide)
        return PyStatus_NoMemory();
    PyStatus status = PyWideStringList_Append(&config->module_search_paths, wide);
    PyMem_RawFree(wide);
    return status;
}

/* With a bundle, its Python; with NULL, the one that the library was built with. */
static PyStatus initialize(const char *bundle) {
    PyPreConfig preconfig;
    PyPreConfig_InitIsolatedConfig(&preconfig);
    preconfig.utf8_mode = 1; /* paths are UTF-8, whatever the locale is */
    PyStatus status = Py_PreInitialize(&preconfig);
    if (PyStatus_Exception(status))
        return status;
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.install_signal_handlers = 0;
    config.site_import = 0;
    config.module_search_paths_set = 1;
    status = PyConfig_SetBytesString(&config, &config.home, bundle ? bundle : built_home);
    const char *const *entry = bundle ? bundled : built;
    for (; *entry && !PyStatus_Exception(status); entry++) {
        char path[PATH_SIZE];
        status = compose(path, bundle, *entry)
                     ? append_path(&config, path)
                     : PyStatus_Error("a path of its library is too long");
    }
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    return status;
}

/* Importing the module signal, which asyncio does, takes SIGINT away from the host, whatever the
 * configuration says. So import it now, and give SIGINT back. */
static void keep_sigint(void) {
#ifdef _WIN32
    void (*before)(int) = signal(SIGINT, SIG_DFL);
    signal(SIGINT, before);
#else
    struct sigaction before;
    sigaction(SIGINT, NULL, &before);
#endif
    Py_XDECREF(PyImport_ImportModule("_signal"));
    PyErr_Clear();
#ifdef _WIN32
    signal(SIGINT, before);
#else
    sigaction(SIGINT, &before, NULL);
#endif
}

/* Start an interpreter of our own; it leaves the GIL free. */
static bool start_own(char answer[ANSWER_SIZE]) {
    char home[PATH_SIZE], library[PATH_SIZE];
    const char *bundle = find_bundle(home) ? home : NULL;
    if (!compose(library, bundle, bundle ? bundled[0] : built[0]) || !is_directory(library)) {
        snprintf(answer, ANSWER_SIZE,
                 "there is no Python library in %.400s; install koe again", library);
        return false;
    }
    share_libpython();
    PyStatus status = initialize(bundle);
    if (PyStatus_Exception(status)) {
        snprintf(answer, ANSWER_SIZE, "Python in %.300s did not start: %.100s; install koe again",
                 bundle ? bundle : built_home, status.err_msg ? status.err_msg : "unknown reason");
        return false;
    }
    keep_sigint();
    PyEval_SaveThread();
    return true;
}

/* Join the interpreter of this process: our folders come last in its search path. */
static bool join_host(char answer[ANSWER_SIZE]) {
    const char *running = Py_GetVersion();
    static const char wanted[] =
        Py_STRINGIFY(PY_MAJOR_VERSION) "." Py_STRINGIFY(PY_MINOR_VERSION) ".";
    if (strncmp(running, wanted, sizeof wanted - 1) != 0) {
        snprintf(answer, ANSWER_SIZE,
                 "this process runs Python %.*s, the library is for %sx; use that one",
                 (int)strcspn(running, " "), running, wanted);
        return false;
    }
    PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *path = PySys_GetObject("path"); /* borrowed */
    /* The standard library, which is built[0] and built[1], is the host's own. */
    for (const char *const *entry = built; path && *entry; entry++) {
        PyObject *folder = entry < built + 2 ? NULL : PyUnicode_DecodeFSDefault(*entry);
        if (folder && PySequence_Contains(path, folder) == 0)
            PyList_Append(path, folder);
        Py_XDECREF(folder);
    }
    PyErr_Clear();
    PyGILState_Release(gil);
    return true;
}

/* cffi reports its own absence over many lines; so look first. */
static bool has_cffi(char answer[ANSWER_SIZE]) {
    PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *backend = PyImport_ImportModule("_cffi_backend");
    if (!backend)
        snprintf(answer, ANSWER_SIZE, "the package cffi cannot be imported; install koe again");
    Py_XDECREF(backend);
    PyErr_Clear();
    PyGILState_Release(gil);
    return backend != NULL;
}

static bool start(void) {
    char answer[ANSWER_SIZE] = "";
    if (!(Py_IsInitialized() ? join_host(answer) : start_own(answer)) || !has_cffi(answer)) {
        koe_report_failed_start(answer);
        return false;
    }
    /* What fails from here on is reported by the start code itself (build_ffi.py). */
    return koe_run_start_code() == 0 && atomic_load(&boundary_ready);
}

#ifndef _WIN32
static void become_fork(void) {
    atomic_store(&is_fork, atomic_load(&was_tried));
}

/* The number of the process would tell too, but asking for it is a system call, and a push makes
 * none. */
__attribute__((constructor)) static void watch_forks(void) {
    pthread_atfork(NULL, NULL, become_fork);
}
#endif

static bool refuse_fork(void) {
    static atomic_flag said = ATOMIC_FLAG_INIT;
    if (!atomic_flag_test_and_set(&said))
        fprintf(stderr, "koe: " KOE_FORKED "\n");
    return false;
}

bool koe_python_start(void) {
    if (koe_is_fork())
        return refuse_fork();
    if (atomic_load(&state) == NOT_TRIED) {
        atomic_store(&was_tried, true);
        koe_acquire(&starting);
        if (atomic_load(&state) == NOT_TRIED)
            atomic_store(&state, start() ? STARTED : FAILED);
        koe_release(&starting);
    }
    return atomic_load(&state) == STARTED;
}

bool koe_is_fork(void) {
    return atomic_load(&is_fork);
}

bool koe_python_failed(void) {
    return atomic_load(&state) == FAILED || koe_is_fork();
}

bool koe_python_is_alive(void) {
    return atomic_load(&state) == STARTED && !koe_is_fork() && Py_IsInitialized();
}
