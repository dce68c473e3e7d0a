/*
 * The little that C needs of threads, on POSIX and on Windows: a lock that needs no construction,
 * a thread that is never joined, a clock that can't be set, and no SIGPIPE.
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
typedef DWORD(WINAPI *koe_work)(void *argument);
#define KOE_WORK static DWORD WINAPI
#else
#include <pthread.h>
#include <signal.h>
typedef pthread_mutex_t koe_lock;
#define KOE_LOCK_INIT PTHREAD_MUTEX_INITIALIZER
#define koe_acquire(lock) (void)pthread_mutex_lock(lock)
#define koe_release(lock) (void)pthread_mutex_unlock(lock)
typedef void *(*koe_work)(void *argument);
#define KOE_WORK static void *
#endif

/* Run work(argument), which is defined as KOE_WORK and returns 0, on a thread of its own.
 * False if no thread could be started; nothing has run then. */
bool koe_start_thread(koe_work work, void *argument);

/* Seconds since some moment in the past; setting the clock does not change them. */
double koe_now(void);

/* Let others run for about so long; less than a second. */
void koe_sleep_ms(unsigned milliseconds);

/* Have work called when the process exits, before what was loaded until now is torn down; and
 * before all that was loaded since, if it is this thread that calls exit(). It may be called more
 * than once. Windows stops all other threads first: there it has nothing to wait for, and is not
 * called. */
void koe_at_exit(void (*work)(void));

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
