#include "thread.h"

#include <stdatomic.h>
#include <stdlib.h>

#ifndef _WIN32
#include <errno.h>
#include <time.h>
#endif

/* Shared by the waiter and the worker; whoever is the last to let go frees it. */
typedef struct job {
    void (*work)(uint64_t);
    uint64_t argument;
    atomic_int holders;
#ifdef _WIN32
    HANDLE done;
#else
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done;
#endif
} job;

static void let_go(job *shared) {
    if (atomic_fetch_sub(&shared->holders, 1) > 1)
        return;
#ifdef _WIN32
    CloseHandle(shared->done);
#else
    pthread_cond_destroy(&shared->changed);
    pthread_mutex_destroy(&shared->lock);
#endif
    free(shared);
}

#ifdef _WIN32

koe_sigpipe koe_hold_sigpipe(void) {
    koe_sigpipe before = {0};
    return before;
}

void koe_restore_sigpipe(koe_sigpipe before) {
    (void)before;
}

static DWORD WINAPI run(void *argument) {
    job *shared = argument;
    shared->work(shared->argument);
    SetEvent(shared->done);
    let_go(shared);
    return 0;
}

bool koe_run_detached(void (*work)(uint64_t), uint64_t argument, double seconds) {
    job *shared = calloc(1, sizeof *shared);
    if (!shared)
        return false;
    shared->work = work;
    shared->argument = argument;
    atomic_init(&shared->holders, 2);
    shared->done = CreateEventW(NULL, TRUE, FALSE, NULL);
    HANDLE thread = shared->done ? CreateThread(NULL, 0, run, shared, 0, NULL) : NULL;
    if (!thread) {
        if (shared->done)
            CloseHandle(shared->done);
        free(shared);
        return false;
    }
    CloseHandle(thread);
    WaitForSingleObject(shared->done, (DWORD)(seconds * 1000));
    let_go(shared);
    return true;
}

#else

static bool sigpipe_is_pending(void) {
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

koe_sigpipe koe_hold_sigpipe(void) {
    koe_sigpipe before = {.was_pending = sigpipe_is_pending()};
    sigset_t sigpipe;
    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe, &before.mask);
    return before;
}

void koe_restore_sigpipe(koe_sigpipe before) {
    if (!before.was_pending && sigpipe_is_pending()) {
        sigset_t sigpipe;
        int consumed;
        sigemptyset(&sigpipe);
        sigaddset(&sigpipe, SIGPIPE);
        sigwait(&sigpipe, &consumed);
    }
    pthread_sigmask(SIG_SETMASK, &before.mask, NULL);
}

static void *run(void *argument) {
    job *shared = argument;
    shared->work(shared->argument);
    pthread_mutex_lock(&shared->lock);
    shared->done = true;
    pthread_cond_signal(&shared->changed);
    pthread_mutex_unlock(&shared->lock);
    let_go(shared);
    return NULL;
}

bool koe_run_detached(void (*work)(uint64_t), uint64_t argument, double seconds) {
    job *shared = calloc(1, sizeof *shared);
    if (!shared)
        return false;
    shared->work = work;
    shared->argument = argument;
    atomic_init(&shared->holders, 2);
    pthread_mutex_init(&shared->lock, NULL);
    pthread_cond_init(&shared->changed, NULL);
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, shared) != 0) {
        atomic_store(&shared->holders, 1);
        let_go(shared);
        return false;
    }
    pthread_detach(thread);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until); /* the only clock that macOS can wait by */
    double end = (double)until.tv_sec + (double)until.tv_nsec / 1e9 + seconds;
    until.tv_sec = (time_t)end;
    until.tv_nsec = (long)((end - (double)until.tv_sec) * 1e9);
    pthread_mutex_lock(&shared->lock);
    while (!shared->done &&
           pthread_cond_timedwait(&shared->changed, &shared->lock, &until) != ETIMEDOUT) {
    }
    pthread_mutex_unlock(&shared->lock);
    let_go(shared);
    return true;
}

#endif
