/*
 * dictate - a complete shell: sound in, text out. The callbacks and main() are all there is to the
 * core; the rest reads files.
 *
 *     dictate [--fast] [FILE]        FILE or standard input: 16 kHz mono 16-bit PCM, raw or WAV
 *
 *     cc -std=c11 -Iinclude examples/c/dictate.c -Llib -lkoe_core -lpthread -o dictate
 *     arecord -q -d 5 -f S16_LE -r 16000 -c 1 -t raw | ./dictate
 *
 * Sound is pushed as fast as a person would have spoken it, with --fast as fast as it can be read.
 * Exit status: 0 text, 1 error, 2 usage, 3 nothing was said.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "koe_core.h"

enum { TEXT = 0, ERROR = 1, USAGE = 2, SILENCE = 3, PENDING = -1 };
enum { FRAME_BYTES = 6400, BYTES_PER_SECOND = 32000, ANSWER_LIMIT_S = 30, LINE_BYTES = 76 };

/* Callbacks come from a thread of the library, so what they tell main() is behind a lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static int outcome = PENDING;
static double ended_at;
static char *final_text;

/* Touched only by callbacks, which never overlap within a session. */
static char *partial;
static bool live_line;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void finish(int how, const char *text) {
    pthread_mutex_lock(&lock);
    if (outcome == PENDING) {
        outcome = how;
        ended_at = now();
        final_text = text ? strdup(text) : NULL; /* the argument lives only until we return */
        pthread_cond_signal(&ended);
    }
    pthread_mutex_unlock(&lock);
}

static void leave_live_line(void) {
    if (live_line)
        putchar('\n');
    live_line = false;
    fflush(stdout);
}

static void state_changed(uint64_t token, const char *state) {
    (void)token; /* one session, one token; a real shell ignores tokens that are not current */
    leave_live_line();
    printf("[%s]\n", state);
    fflush(stdout);
    if (strcmp(state, "failed") == 0)
        finish(ERROR, NULL);
    if (strcmp(state, "idle") == 0)
        finish(SILENCE, NULL);
}

static void interim_text(uint64_t token, const char *text) {
    (void)token;
    if (strcmp(partial ? partial : "", text) == 0)
        return;
    free(partial);
    partial = strdup(text);
    if (isatty(STDOUT_FILENO)) {
        const char *tail = strlen(text) > LINE_BYTES ? text + strlen(text) - LINE_BYTES : text;
        while (((unsigned char)*tail & 0xC0) == 0x80)
            tail++; /* not into the middle of a character */
        printf("\r\033[K%s", tail);
        live_line = true;
    } else {
        printf("... %s\n", text);
    }
    fflush(stdout);
}

static void complain(uint64_t token, const char *message) {
    (void)token;
    leave_live_line();
    fprintf(stderr, "dictate: %s\n", message);
}

static void final_text_ready(uint64_t token, const char *text) {
    (void)token;
    leave_live_line();
    finish(TEXT, text); /* generation 3 sends no state after it */
}

static unsigned little_endian(const unsigned char *bytes, int count) {
    unsigned value = 0;
    while (count-- > 0)
        value = value << 8 | bytes[count];
    return value;
}

/* With "RIFF" already read: skips to the samples and returns their size in bytes, 0 if the file is
 * not what the core hears. A WAV file is a list of chunks, of which "fmt " comes before "data". */
static unsigned skip_wav_header(FILE *in) {
    unsigned char head[8], format[16];
    bool heard = false;
    if (fread(head, 1, 8, in) != 8 || memcmp(head + 4, "WAVE", 4) != 0)
        return 0;
    while (fread(head, 1, 8, in) == 8) {
        unsigned size = little_endian(head + 4, 4);
        if (memcmp(head, "data", 4) == 0)
            return heard ? (size ? size : UINT32_MAX) : 0;
        unsigned skip = size + (size & 1); /* chunks start at even offsets */
        if (memcmp(head, "fmt ", 4) == 0 && size >= 16 && fread(format, 1, 16, in) == 16) {
            heard = little_endian(format, 2) == 1 && little_endian(format + 2, 2) == 1 &&
                    little_endian(format + 4, 4) == 16000 && little_endian(format + 14, 2) == 16;
            skip -= 16;
        }
        while (skip-- > 0)
            if (getc(in) == EOF)
                return 0;
    }
    return 0;
}

/* Pushes what is in frame, then up to left bytes of the file, until the session is over. */
static void push_all(FILE *in, uint8_t *frame, size_t filled, unsigned left, bool fast) {
    double start = now(), pushed = 0;
    for (;;) {
        size_t want = FRAME_BYTES - filled < left ? FRAME_BYTES - filled : left;
        size_t got = fread(frame + filled, 1, want, in);
        left -= (unsigned)got;
        filled += got;
        pthread_mutex_lock(&lock);
        bool over = outcome != PENDING;
        pthread_mutex_unlock(&lock);
        if (filled == 0 || over)
            return;
        pushed += (double)filled;
        double early = start + pushed / BYTES_PER_SECOND - now(); /* never over a frame, 0.2 s */
        if (!fast && early > 0)
            nanosleep(&(struct timespec){.tv_nsec = (long)(early * 1e9)}, NULL);
        sp_core_push_audio(frame, (uint32_t)filled, 0);
        filled = 0;
    }
}

int main(int argc, char **argv) {
    bool fast = false;
    const char *path = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--fast") == 0)
            fast = true;
        else if (argv[i][0] == '-' || path) {
            fprintf(stderr, "usage: dictate [--fast] [FILE]\n");
            return USAGE;
        } else
            path = argv[i];
    }
    FILE *in = path ? fopen(path, "rb") : stdin;
    if (!in) {
        perror(path);
        return ERROR;
    }
    uint8_t frame[FRAME_BYTES];
    unsigned left = UINT32_MAX; /* a raw stream has no size: until it ends */
    size_t filled = fread(frame, 1, 4, in);
    if (filled == 4 && memcmp(frame, "RIFF", 4) == 0) {
        left = skip_wav_header(in);
        filled = 0;
        if (left == 0) {
            fprintf(stderr,
                    "dictate: this WAV file is not 16 kHz mono 16-bit PCM; convert it first "
                    "(koe and make run WAV=... do that)\n");
            return ERROR;
        }
    }

    sp_core_register_callbacks((struct SPCallbacks){.on_state_changed = state_changed,
                                                    .on_interim_text = interim_text,
                                                    .on_session_warning = complain,
                                                    .on_session_error = complain,
                                                    .on_final_text_ready = final_text_ready});
    if (sp_core_create(NULL) != 0)
        return ERROR; /* it has said why */
    if (sp_core_session_begin((struct SPSessionContext){.mode = HOLD, .session_token = 1}) != 0) {
        fprintf(stderr, "dictate: no session could be begun\n");
        sp_core_destroy();
        return ERROR;
    }
    push_all(in, frame, filled, left, fast);
    double asked_at = now();
    sp_core_session_end();

    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit); /* what a condition variable counts in */
    limit.tv_sec += ANSWER_LIMIT_S;
    pthread_mutex_lock(&lock);
    while (outcome == PENDING && pthread_cond_timedwait(&ended, &lock, &limit) == 0)
        continue;
    int result = outcome == PENDING ? ERROR : outcome;
    if (outcome == PENDING)
        fprintf(stderr, "dictate: no answer within %d seconds\n", ANSWER_LIMIT_S);
    if (result == SILENCE)
        fprintf(stderr, "dictate: nothing was said\n");
    if (result == TEXT)
        printf("%s\n%.0f ms after sp_core_session_end\n", final_text, (ended_at - asked_at) * 1e3);
    pthread_mutex_unlock(&lock); /* before sp_core_destroy, which may wait for a callback */
    sp_core_destroy();
    return result;
}
