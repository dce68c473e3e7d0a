/*
 * Drives libkoe_core as a shell would, through koe_core.h and nothing else. One program for the
 * three generations, made of all files of this folder: compile them with the KOE_ABI of the library
 * that it is linked to.
 *
 *     scenarios list                  the names, one a line, with their arguments
 *     scenarios NAME [FILE.raw]       runs one; FILE.raw: speech, 16 kHz mono s16le
 *
 * Prints TAP: "ok NAME" or "not ok NAME: why" per check, lines that start with "#" to help a reader,
 * and the plan at the end.
 * Exit status: 0 everything ok, 1 something not, 2 usage.
 *
 * HOME, on Windows APPDATA, must be a scratch directory. Without a config.yaml in $HOME/.koe, or in
 * %APPDATA%\koe, the driver writes one that switches correction off; the caller's own is used as it
 * is and must do the same. Scenarios that need another configuration set that one aside and put it
 * back. One process, one scenario: what a scenario finds depends on the process being fresh.
 */
#include "driver.h"

static const struct {
    const char *name;
    void (*run)(void);
    enum { NO_FILE, MAY_HAVE_FILE, NEEDS_FILE } file;
} scenarios[] = {
    {"no_core", no_core, NO_FILE},
    {"settings", settings, NO_FILE},
    {"callbacks_survive", callbacks_survive, NO_FILE},
    {"bad_arguments", bad_arguments, NO_FILE},
    {"too_large", too_large_a_frame, NO_FILE},
    {"audio_sizes", audio_sizes, NO_FILE},
    {"silence", silence, NO_FILE},
    {"speech", speak, NEEDS_FILE},
#if KOE_ABI >= 2
    {"cancel", cancel, NO_FILE},
#endif
    {"supersede", supersede, NEEDS_FILE},
    {"stuck", stuck, NEEDS_FILE},
    {"winding_down", winding_down, NEEDS_FILE},
#ifndef _WIN32
    {"half_pushed", half_pushed, NEEDS_FILE},
#endif
    {"unknown_provider", unknown_provider, NO_FILE},
    {"destroy_in_session", destroy_in_session, NO_FILE},
    {"destroy_twice", destroy_twice, NO_FILE},
#ifdef __GLIBC__
    {"clock_set", clock_set, NO_FILE},
    {"without_threads", without_threads, NEEDS_FILE},
#endif
    {"destroy_in_callback", destroy_in_callback, MAY_HAVE_FILE},
    {"reenter", reenter, MAY_HAVE_FILE},
    {"crossing", crossing, NO_FILE},
    {"threads", threads, NO_FILE},
    {"cycle", cycle, NO_FILE},
#ifndef _WIN32
    {"signals", signals, NO_FILE},
#endif
};

static bool load_speech(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return false;
    }
    speech.bytes = malloc(8 * (size_t)MIB); /* no more than the core buffers */
    if (!speech.bytes)
        abort();
    speech.size = fread(speech.bytes, 1, 8 * (size_t)MIB, file);
    fclose(file);
    return speech.size > 0;
}

static void *watchdog(void *unused) {
    (void)unused;
    nanosleep(&(struct timespec){.tv_sec = WATCHDOG_S}, NULL);
    printf("not ok %s: hung, no end after %d s\n", scenario, WATCHDOG_S);
    fflush(stdout);
    _exit(1);
}

int main(int argc, char **argv) {
    const size_t count = sizeof scenarios / sizeof *scenarios;
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        static const char *const arguments[] = {"", " [FILE.raw]", " FILE.raw"};
        for (size_t i = 0; i < count; i++)
            printf("%s%s\n", scenarios[i].name, arguments[scenarios[i].file]);
        return 0;
    }
    for (size_t i = 0; argc >= 2 && i < count; i++) {
        if (strcmp(argv[1], scenarios[i].name) != 0)
            continue;
        if (argc > (scenarios[i].file == NO_FILE ? 2 : 3))
            break;
        if (argc < 3 && scenarios[i].file == NEEDS_FILE)
            break;
        if (!prepare_home() || (argc == 3 && !load_speech(argv[2])))
            return 2;
        scenario = scenarios[i].name;
        pthread_t unused;
        if (pthread_create(&unused, NULL, watchdog, NULL) != 0)
            abort();
        scenarios[i].run();
        scenario = scenarios[i].name;
        pthread_mutex_lock(&book.lock);
        check(!book.broken[0], "callback_contract", "%s", book.broken);
        pthread_mutex_unlock(&book.lock);
        printf("1..%d\n", atomic_load(&checks));
        return atomic_load(&failures) ? 1 : 0;
    }
    fprintf(stderr, "usage: scenarios list | scenarios NAME [FILE.raw]\n");
    return 2;
}
