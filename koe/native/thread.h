/*
 * The little that C needs of threads, on POSIX and on Windows: a lock that needs no construction,
 * work on a thread of its own that is waited for, but not for ever, and no SIGPIPE.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#ifdef _WIN32
#include <windows.h>
typedef SRWLOCK koe_lock;
#define KOE_LOCK_INIT SRWLOCK_INIT
#define koe_acquire AcquireSRWLockExclusive
#define koe_release ReleaseSRWLockExclusive
#else
#include <pthread.h>
#include <signal.h>
typedef pthread_mutex_t koe_lock;
#define KOE_LOCK_INIT PTHREAD_MUTEX_INITIALIZER
#define koe_acquire(lock) (void)pthread_mutex_lock(lock)
#define koe_release(lock) (void)pthread_mutex_unlock(lock)
#endif

/* Run work(argument) on a new thread and wait until it is done or the seconds have passed. Work
 * that takes longer goes on by itself. With 0 seconds it does not wait at all.
 * False if no thread could be started; nothing has run then. */
bool koe_run_detached(void (*work)(uint64_t argument), uint64_t argument, double seconds);

/* SIGPIPE is blocked on this thread between the two, and consumed if it came: a peer that is gone
 * is an error code for Python, and nothing that may end the host's process. A thread that is
 * started in between never gets the signal at all. */
typedef struct koe_sigpipe {
#ifdef _WIN32
    char none;
#else
    sigset_t mask;
    bool was_pending;
#endif
} koe_sigpipe;

koe_sigpipe koe_hold_sigpipe(void);
void koe_restore_sigpipe(koe_sigpipe before);
