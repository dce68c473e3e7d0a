#include "thread.h"

#include <stdatomic.h>

#ifdef _WIN32

bool koe_start_thread(koe_work work, void *argument) {
    HANDLE thread = CreateThread(NULL, 0, work, argument, 0, NULL);
    return thread && CloseHandle(thread);
}

double koe_now(void) {
    return (double)GetTickCount64() / 1e3;
}

void koe_sleep_ms(unsigned milliseconds) {
    Sleep(milliseconds);
}

void koe_at_exit(void (*work)(void)) {
    (void)work;
}

koe_sigpipe koe_hold_sigpipe(void) {
    koe_sigpipe before = {0};
    return before;
}

void koe_restore_sigpipe(koe_sigpipe before) {
    (void)before;
}

#else
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#else
#include <link.h>
#include <sys/syscall.h>
#endif

bool koe_start_thread(koe_work work, void *argument) {
    pthread_t thread;
    return pthread_create(&thread, NULL, work, argument) == 0 && pthread_detach(thread) == 0;
}

double koe_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void koe_sleep_ms(unsigned milliseconds) {
    nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000L}, NULL);
}

/* exit() calls the function first that was registered last. But before all functions, it calls the
 * destructors of the objects of its thread; a function that such a destructor registers is the last
 * one, so exit() calls it first. */
#ifdef __APPLE__
extern void _tlv_atexit(void (*destructor)(void *), void *object);
#define at_end_of_thread(destructor, object) _tlv_atexit(destructor, object)

static uint64_t count_loads(void) {
    return _dyld_image_count();
}

static bool is_main_thread(void) {
    return pthread_main_np() == 1;
}
#else
extern int __cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *library)
    __attribute__((weak)); /* missing in some C libraries */
extern char __dso_handle __attribute__((visibility("hidden")));
#define at_end_of_thread(destructor, object)   \
    if (__cxa_thread_atexit_impl)              \
    __cxa_thread_atexit_impl(destructor, object, &__dso_handle)

static int read_loads(struct dl_phdr_info *library, size_t size, void *loads) {
    (void)size;
    *(uint64_t *)loads = library->dlpi_adds;
    return 1; /* each library has the same count of loads */
}

static uint64_t count_loads(void) {
    uint64_t loads = 0;
    dl_iterate_phdr(read_loads, &loads);
    return loads;
}

static bool is_main_thread(void) {
    return getpid() == (pid_t)syscall(SYS_gettid);
}
#endif

/* Nothing can be removed from the list of functions for exit(), and threads come and go. So a thread
 * adds a function only if a library was loaded since the last one was added. The main thread always
 * adds one: it ends only by exit(), and no other thread does the same. */
static void register_work(void *work) {
    static _Atomic uint64_t loads_before;
    uint64_t loads = count_loads();
    if (atomic_exchange(&loads_before, loads) != loads || is_main_thread())
        atexit(*(void (**)(void))work); /* on failure, the process may crash at its end */
}

void koe_at_exit(void (*work)(void)) {
    static _Thread_local void (*registered)(void);
    if (registered == work)
        return;
    registered = work;
    register_work(&registered);
    at_end_of_thread(register_work, &registered);
}

static bool sigpipe_is_pending(void) {
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

/* A signal that is sent to the process is pending for all its threads, and another thread may have
 * consumed it since. */
static void consume_sigpipe(void) {
    sigset_t sigpipe;
    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
#ifdef __APPLE__
    /* There is no wait with a time limit. But macOS assigns a signal to one thread when it is sent, and a
     * signal that sigpending found stays with this thread. */
    int consumed;
    sigwait(&sigpipe, &consumed);
#else
    sigtimedwait(&sigpipe, NULL, &(struct timespec){0});
#endif
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
    if (!before.was_pending && sigpipe_is_pending())
        consume_sigpipe();
    pthread_sigmask(SIG_SETMASK, &before.mask, NULL);
}

#endif
