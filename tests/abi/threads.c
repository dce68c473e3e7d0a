/*
 * koe/native/thread.c by itself.
 *
 *     threads exit         threads come and go, and each wants to be called at exit
 *     threads sigpipe      a signal is pending, and then it is not
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "thread.h"

enum { THREADS = 10000 };

static unsigned calls;

static void be_called(void) { calls++; }

static void tell(void) { printf("called %u times\n", calls); }

static void *come_and_go(void *unused) {
    koe_at_exit(be_called);
    koe_at_exit(be_called);
    return unused;
}

static int leave_handlers(void) {
    atexit(tell); /* called last */
    for (int i = 0; i < THREADS; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, come_and_go, NULL) != 0 || pthread_join(thread, NULL) != 0)
            return 1;
    }
    come_and_go(NULL);
    return 0;
}

static bool is_pending;

/* The library finds this function before that of the C library. */
int sigpending(sigset_t *pending) {
    sigemptyset(pending);
    if (is_pending)
        sigaddset(pending, SIGPIPE);
    return 0;
}

static int lose_signal(void) {
    koe_sigpipe before = koe_hold_sigpipe();
    is_pending = true; /* ... as it was, until another thread took it */
    koe_restore_sigpipe(before);
    puts("returned");
    is_pending = false;
    before = koe_hold_sigpipe();
    pthread_kill(pthread_self(), SIGPIPE);
    is_pending = true;
    koe_restore_sigpipe(before);
    puts("alive");
    return 0;
}

int main(int argc, char **argv) {
    alarm(60); /* it hangs */
    if (argc == 2 && strcmp(argv[1], "exit") == 0)
        return leave_handlers();
    if (argc == 2 && strcmp(argv[1], "sigpipe") == 0)
        return lose_signal();
    return 2;
}
