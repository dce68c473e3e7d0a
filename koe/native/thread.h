/*
 * The few thread functions that C needs, on POSIX and on Windows: a lock with a static initialiser,
 * a thread that is never joined, a monotonic clock, and protection from SIGPIPE.
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

/* Run work(argument), which is defined with KOE_WORK and returns 0, on a new thread.
 * False if no thread could be started; then work has not run. */
bool koe_start_thread(koe_work work, void *argument);

/* Seconds since a fixed moment in the past; setting the clock does not change them. */
double koe_now(void);

/* Sleep for about this time; less than a second. */
void koe_sleep_ms(unsigned milliseconds);

/* Call work when the process exits, before the libraries that are loaded now are torn down; and, if this
 * thread calls exit(), before those that were loaded since the registration. work may be called more than
 * once. Windows stops all other threads first, so there is nothing to wait for, and work is not called. */
void koe_at_exit(void (*work)(void));

/* Between these two calls SIGPIPE is blocked on this thread, and consumed if it came: for Python, a closed
 * connection is an error code, and must not end the host's process. A thread that is
 * started in between never gets the signal. */
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
