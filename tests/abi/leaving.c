/*
 * A host that ends while the engine is at work, without having destroyed its core. It lingers on
 * its way out, so that an engine that goes on computes with what is torn down already.
 *
 *     leaving HOW FILE.raw
 *
 * main        returns from main()
 * loading     returns from main() while the engine is still being loaded
 * callback    calls exit() inside a callback
 * destroyed   calls sp_core_destroy() inside a callback, then returns from main()
 * fork        forks first; the child calls exit(), and the core of the parent works on
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "koe_core.h"

enum { FRAME_BYTES = 6400 };

static uint8_t speech[1 << 20];
static size_t size;
static const char *how;
static atomic_bool heard;

static void nap(double seconds) {
    nanosleep(&(struct timespec){(time_t)seconds, (long)(seconds * 1e9) % 1000000000}, NULL);
}

static void linger(void) {
    nap(1.5);
    puts("left");
}

static void interim_text(uint64_t token, const char *text) {
    (void)token, (void)text;
    if (strcmp(how, "callback") == 0)
        exit(0);
    if (strcmp(how, "destroyed") == 0)
        sp_core_destroy();
    atomic_store(&heard, true);
}

/* No text will come then. */
static void session_error(uint64_t token, const char *message) {
    (void)token;
    fprintf(stderr, "%s\n", message);
    _exit(1);
}

/* Ten times as fast as it was spoken, over and over: the engine always has a little to do. */
static void *push(void *unused) {
    for (size_t at = 0;; at = (at + FRAME_BYTES) % (size - FRAME_BYTES)) {
        sp_core_push_audio(speech + at, FRAME_BYTES, 0);
        nap(0.02);
    }
    return unused;
}

int main(int argc, char **argv) {
    FILE *file = argc == 3 ? fopen(argv[2], "rb") : NULL;
    if (!file)
        return 2;
    size = fread(speech, 1, sizeof speech, file);
    fclose(file);
    how = argv[1];
    atexit(linger);
    sp_core_register_callbacks((struct SPCallbacks){.on_interim_text = interim_text,
                                                    .on_session_error = session_error});
    if (sp_core_create(NULL) != 0)
        return 1;
    if (sp_core_session_begin((struct SPSessionContext){.mode = HOLD}) != 0)
        return 1;
    pthread_t pushing;
    if (pthread_create(&pushing, NULL, push, NULL) != 0)
        return 1;
    if (strcmp(how, "loading") == 0) {
        nap(0.2); /* some time into it */
        return 0;
    }
    while (!atomic_load(&heard))
        nap(0.001);
    if (strcmp(how, "fork") == 0) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0)
            exit(0);
        int status = 0;
        if (waitpid(child, &status, 0) != child || status != 0)
            return 1;
        atomic_store(&heard, false);
        while (!atomic_load(&heard))
            nap(0.001);
    }
    return 0;
}
