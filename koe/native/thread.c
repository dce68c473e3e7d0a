#include "thread.h"

#ifdef _WIN32

bool koe_start_thread(koe_work work, void *argument) {
    HANDLE thread = CreateThread(NULL, 0, work, argument, 0, NULL);
    return thread && CloseHandle(thread);
}

double koe_now(void) {
    return (double)GetTickCount64() / 1e3;
}

void koe_nap(void) {
    Sleep(1);
}

koe_sigpipe koe_hold_sigpipe(void) {
    koe_sigpipe before = {0};
    return before;
}

void koe_restore_sigpipe(koe_sigpipe before) {
    (void)before;
}

#else
#include <time.h>

bool koe_start_thread(koe_work work, void *argument) {
    pthread_t thread;
    return pthread_create(&thread, NULL, work, argument) == 0 && pthread_detach(thread) == 0;
}

double koe_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void koe_nap(void) {
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

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

#endif
