/*
 * What the benchmark's hosts share: a clock, Python code for the core's interpreter, and a shell
 * that notes when its session became ready and when it was over.
 */
#pragma once
#include <Python.h> /* first: it also says which POSIX this is */

#include "koe_core.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    FRAME_BYTES = 6400,
    BYTES_PER_SECOND = 32000,
    ANSWER_LIMIT_S = 60, /* for one callback */
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void sleep_until(double time) {
    double left = time - now();
    if (left <= 0) return;
    struct timespec t = {.tv_sec = (time_t)left};
    t.tv_nsec = (long)((left - (double)t.tv_sec) * 1e9);
    nanosleep(&t, NULL);
}

static void die(const char *what) {
    fprintf(stderr, "%s\n", what);
    fflush(stderr);
    _Exit(1); /* no clean end: another thread may be anywhere */
}

/* The session that the host is in. Callbacks come from a thread of the library. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t token; /* what a callback of an older session does not have */
    double ready_at, over_at; /* 0: not yet */
    char *text; /* NULL: none */
} session = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void note(uint64_t token, double *when, const char *text) {
    double time = now(); /* before the lock, which is ours and not the library's */
    pthread_mutex_lock(&session.lock);
    if (token == session.token && *when == 0) {
        *when = time;
        session.text = text ? strdup(text) : NULL;
        pthread_cond_signal(&session.changed);
    }
    pthread_mutex_unlock(&session.lock);
}

static void session_ready(uint64_t token) {
    note(token, &session.ready_at, NULL);
}

static void state_changed(uint64_t token, const char *state) {
    if (strcmp(state, "idle") == 0) note(token, &session.over_at, NULL);
}

static void final_text_ready(uint64_t token, const char *text) {
    note(token, &session.over_at, text);
}

static void complain(uint64_t token, const char *message) {
    (void)token;
    fprintf(stderr, "%s\n", message);
}

static void session_error(uint64_t token, const char *message) {
    complain(token, message);
    die("the session failed");
}

/* Returns when it happened, as session_ready and the others noted it. */
static double wait_for(const double *when) {
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit); /* what a condition variable counts in */
    limit.tv_sec += ANSWER_LIMIT_S;
    pthread_mutex_lock(&session.lock);
    while (*when == 0 && pthread_cond_timedwait(&session.changed, &session.lock, &limit) == 0)
        continue;
    double time = *when;
    pthread_mutex_unlock(&session.lock);
    if (time == 0) die("a callback did not come");
    return time;
}

static void create(void) {
    sp_core_register_callbacks((struct SPCallbacks){.on_session_ready = session_ready,
                                                    .on_state_changed = state_changed,
                                                    .on_session_warning = complain,
                                                    .on_session_error = session_error,
                                                    .on_final_text_ready = final_text_ready});
    if (sp_core_create(NULL) != 0) die("sp_core_create failed");
}

/* Returns when sp_core_session_begin was called; what it took is now() afterwards. */
static double begin(void) {
    pthread_mutex_lock(&session.lock);
    uint64_t token = ++session.token;
    session.ready_at = session.over_at = 0;
    free(session.text);
    session.text = NULL;
    pthread_mutex_unlock(&session.lock);
    double begun_at = now();
    if (sp_core_session_begin((struct SPSessionContext){.mode = HOLD, .session_token = token}) != 0)
        die("sp_core_session_begin failed");
    return begun_at;
}

/* Run code in the interpreter that the core started: what happens there happens to the core. */
static void run_python(const char *code) {
    PyGILState_STATE gil = PyGILState_Ensure();
    int failed = PyRun_SimpleString(code);
    PyGILState_Release(gil);
    if (failed) die("the Python code failed");
}

static void print_list(const char *name, const double *values, int count) {
    printf("\"%s\": [", name);
    for (int i = 0; i < count; i++) printf("%s%.9f", i ? ", " : "", values[i]);
    printf("]");
}
