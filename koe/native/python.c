/*
 * Python is started with an isolated configuration: it ignores environment variables, the user site and
 * the working directory, installs no signal handler, does not change the locale, and imports only from
 * the folders that runtime.c finds.
 */
#include "python_api.h"

#include "libpython.h"
#include "log.h"
#include "python.h"
#include "runtime.h"
#include "seam.h"
#include "thread.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#ifndef _WIN32
#include <dlfcn.h>
#include <pthread.h>
#endif

typedef enum start_state { NOT_TRIED, STARTED, FAILED } start_state;

static koe_lock starting = KOE_LOCK_INIT;
static _Atomic start_state state = NOT_TRIED;
static atomic_bool boundary_ready;
static atomic_bool was_tried; /* set before the start begins */
static atomic_bool is_fork;   /* forked after a start was tried: the state is incomplete */

void koe_boundary_is_ready(void) {
    atomic_store(&boundary_ready, true);
}

/* The path of this library as UTF-8, determined when it is loaded: a relative path would mean another
 * place after a change of the working directory. Empty if unknown. */
static char place[KOE_PATH_SIZE];

#ifdef _WIN32

__attribute__((constructor)) static void find_place(void) {
    HMODULE module;
    wchar_t wide[KOE_PATH_SIZE];
    DWORD flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS |
                  GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    if (!GetModuleHandleExW(flags, (const wchar_t *)&boundary_ready, &module))
        return;
    DWORD size = GetModuleFileNameW(module, wide, KOE_PATH_SIZE);
    if (size == 0 || size >= KOE_PATH_SIZE ||
        !WideCharToMultiByte(CP_UTF8, 0, wide, -1, place, KOE_PATH_SIZE, NULL, NULL))
        place[0] = '\0';
}

#else

__attribute__((constructor)) static void find_place(void) {
    Dl_info library;
    if (!dladdr((const void *)&boundary_ready, &library) || !realpath(library.dli_fname, place))
        place[0] = '\0';
}

#endif

static PyStatus append_path(PyConfig *config, const char *path) {
    wchar_t *wide = Py_DecodeLocale(path, NULL);
    if (!wide)
        return PyStatus_NoMemory();
    PyStatus status = PyWideStringList_Append(&config->module_search_paths, wide);
    PyMem_RawFree(wide);
    return status;
}

static PyStatus initialize(const koe_runtime *runtime) {
    PyPreConfig preconfig;
    PyPreConfig_InitIsolatedConfig(&preconfig);
    preconfig.utf8_mode = 1; /* paths are UTF-8, regardless of the locale */
    PyStatus status = Py_PreInitialize(&preconfig);
    if (PyStatus_Exception(status))
        return status;
    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.install_signal_handlers = 0;
    config.site_import = 0;
    config.module_search_paths_set = 1;
    status = PyConfig_SetBytesString(&config, &config.home, runtime->home);
    for (int i = 0; i < runtime->count && !PyStatus_Exception(status); i++)
        status = append_path(&config, runtime->paths[i]);
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    return status;
}

/* Importing the module signal, as asyncio does, replaces the host's handler of SIGINT, regardless of the
 * configuration. So import it now, and restore the handler. */
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

static bool refuse_apart(const koe_runtime *runtime, char answer[KOE_SENTENCE_SIZE]) {
    snprintf(answer, KOE_SENTENCE_SIZE,
             "the Python to which the packages in %.300s belong is unknown; "
             "install koe into a virtual environment",
             runtime->paths[KOE_STANDARD_PATHS]);
    return false;
}

/* Start an interpreter that belongs to koe; it releases the GIL. */
static bool start_own(koe_runtime *runtime, char answer[KOE_SENTENCE_SIZE]) {
    char libpython[KOE_PATH_SIZE];
    if (runtime->is_apart && !(koe_libpython_place(libpython) && koe_find_home(runtime, libpython)))
        return refuse_apart(runtime, answer);
    if (!koe_has_standard_library(runtime, answer))
        return false;
    PyStatus status = initialize(runtime);
    if (PyStatus_Exception(status)) {
        snprintf(answer, KOE_SENTENCE_SIZE, "Python in %.300s did not start: %.100s; install koe again",
                 runtime->home, status.err_msg ? status.err_msg : "unknown reason");
        return false;
    }
    keep_sigint();
    PyGC_Disable(); /* until collect_from_now_on */
    PyEval_SaveThread();
    return true;
}

/* Imported objects stay until the end, so the garbage collector need not search them. This saves a
 * twentieth of the start, and now and then some milliseconds of a session. */
static void collect_from_now_on(void) {
    PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *gc = PyImport_ImportModule("gc");
    PyObject *result = gc ? PyObject_CallMethod(gc, "freeze", NULL) : NULL;
    Py_XDECREF(result);
    Py_XDECREF(gc);
    PyErr_Clear();
    PyGC_Enable();
    PyGILState_Release(gil);
}

/* Join the interpreter of this process. It has its own standard library, so only the folders of
 * koe's packages are appended to its search path. */
static bool join_host(const koe_runtime *runtime) {
    PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *path = PySys_GetObject("path"); /* borrowed */
    for (int i = KOE_STANDARD_PATHS; path && i < runtime->count; i++) {
        PyObject *folder = PyUnicode_DecodeFSDefault(runtime->paths[i]);
        if (folder && PySequence_Contains(path, folder) == 0)
            PyList_Append(path, folder);
        Py_XDECREF(folder);
    }
    PyErr_Clear();
    PyGILState_Release(gil);
    return true;
}

static bool start_python(bool *is_own, char answer[KOE_SENTENCE_SIZE]) {
    koe_runtime runtime;
    bool is_there = koe_find_libpython(answer);
    if (*answer || !koe_find_runtime(&runtime, place, answer))
        return false;
#ifdef _WIN32
    /* On Windows, the path of a folder of packages does not show to which Python it belongs, so no
     * Python is loaded. */
    if (!is_there && runtime.is_apart)
        return refuse_apart(&runtime, answer);
#endif
    if (!is_there && !koe_load_libpython(runtime.library, answer))
        return false;
    *is_own = !Py_IsInitialized();
    return *is_own ? start_own(&runtime, answer) : join_host(&runtime);
}

/* If cffi is missing, the start code reports this in many lines; so check for cffi first. */
static bool has_cffi(char answer[KOE_SENTENCE_SIZE]) {
    PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *backend = PyImport_ImportModule("_cffi_backend");
    if (!backend)
        snprintf(answer, KOE_SENTENCE_SIZE, "the package cffi cannot be imported; install koe again");
    Py_XDECREF(backend);
    PyErr_Clear();
    PyGILState_Release(gil);
    return backend != NULL;
}

static bool start(void) {
    char answer[KOE_SENTENCE_SIZE] = "";
    bool is_own = false;
    if (!start_python(&is_own, answer) || !has_cffi(answer)) {
        koe_report_failed_start(answer);
        return false;
    }
    /* Failures from here on are reported by the start code itself (build_ffi.py). */
    bool is_ready = koe_run_start_code() == 0 && atomic_load(&boundary_ready);
    if (is_own)
        collect_from_now_on();
    return is_ready;
}

#ifndef _WIN32
static void become_fork(void) {
    atomic_store(&is_fork, atomic_load(&was_tried));
}

/* The process number would show a fork too, but reading it is a system call, and a push makes
 * none. */
__attribute__((constructor)) static void watch_forks(void) {
    pthread_atfork(NULL, NULL, become_fork);
}
#endif

static void refuse_fork(void) {
    static atomic_flag said = ATOMIC_FLAG_INIT;
    if (!atomic_flag_test_and_set(&said))
        fprintf(stderr, "koe: " KOE_FORKED "\n");
}

/* SIGPIPE is blocked here, because stderr may be a pipe without a reader. */
bool koe_python_start(void) {
    if (!koe_is_fork() && atomic_load(&state) != NOT_TRIED)
        return atomic_load(&state) == STARTED;
    koe_sigpipe before = koe_hold_sigpipe();
    bool has_started = false;
    if (koe_is_fork()) {
        refuse_fork();
    } else {
        atomic_store(&was_tried, true);
        koe_acquire(&starting);
        if (atomic_load(&state) == NOT_TRIED)
            atomic_store(&state, start() ? STARTED : FAILED);
        koe_release(&starting);
        has_started = atomic_load(&state) == STARTED;
    }
    koe_restore_sigpipe(before);
    return has_started;
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
