/*
 * What a host brings along in place of the Swift packages: their functions, with their contract
 * (spec abi §8.6), and recognition that counts the samples that are not 0.
 *
 * Results are pushed from a thread of the session's own, with the package's lock held, as the
 * real ones are; a cancel returns when no callback can come any more. What goes wrong is chosen by
 * the locale, or the language of the other package:
 *
 *     refuse    does not start, and says why        mute      does not start, and says nothing
 *     break     an error instead of the first text, before the feeding call returns
 *     leave     closes instead of the first text, before the feeding call returns
 *     flood     twenty thousand texts before the last ones
 *     stuck     nothing after the end of input      garbage   texts that are not UTF-8
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*callback_fn)(void *ctx, int32_t event, const char *text);

enum { INTERIM, DEFINITE, FINAL, ERROR, CONNECTED, CLOSED };

typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    uint64_t generation; /* of the session that runs, or ran last */
    bool running;        /* its thread is to be joined */
    bool cancelled, stopped;
    bool over;           /* its thread says no more */
    uint64_t heard, fed; /* samples: that are not 0, and all */
    bool definite;       /* this package says definite results */
    bool closes_mutely;  /* and no final one when nothing was heard */
    char scenario[64];
    callback_fn callback;
    void *ctx;
} package;

static package apple = {.lock = PTHREAD_MUTEX_INITIALIZER,
                        .changed = PTHREAD_COND_INITIALIZER,
                        .closes_mutely = true};
static package mlx = {.lock = PTHREAD_MUTEX_INITIALIZER,
                      .changed = PTHREAD_COND_INITIALIZER,
                      .definite = true};
static char last_call[4096];

/* What the last start was given, for the tests. */
const char *packages_last_call(void) { return last_call; }

static bool is(const package *p, const char *scenario) { return !strcmp(p->scenario, scenario); }

/* With the lock held. */
static void tell(package *p, int32_t event, const char *text) {
    if (!p->cancelled)
        p->callback(p->ctx, event, text);
}

static void tell_count(package *p, int32_t event) {
    char text[64];
    snprintf(text, sizeof text, "%llu samples", (unsigned long long)p->heard);
    tell(p, event, is(p, "garbage") ? "\xff\xfe" : p->heard ? text : "");
}

static void end(package *p) {
    if (is(p, "stuck"))
        return;
    if (is(p, "flood"))
        for (int i = 0; i < 20000; i++)
            tell_count(p, INTERIM);
    if (p->heard || !p->closes_mutely)
        tell_count(p, FINAL);
    tell(p, CLOSED, NULL);
}

static void *push(void *argument) {
    package *p = argument;
    uint64_t announced = 0;
    pthread_mutex_lock(&p->lock);
    while (!p->cancelled) {
        if (p->fed > announced && (is(p, "break") || is(p, "leave"))) {
            if (is(p, "break"))
                tell(p, ERROR, "the analyzer broke");
            else
                tell(p, CLOSED, NULL);
            break;
        }
        if (p->fed > announced) {
            announced = p->fed;
            tell(p, 99, "a kind of event that is unknown");
            tell_count(p, INTERIM);
            if (p->definite)
                tell_count(p, DEFINITE);
        } else if (p->stopped) {
            end(p);
            break;
        } else {
            pthread_cond_wait(&p->changed, &p->lock);
        }
    }
    p->over = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static void cancel(package *p, uint64_t generation) {
    pthread_mutex_lock(&p->lock);
    bool ours = p->running && generation == p->generation;
    if (ours) {
        p->cancelled = true;
        p->running = false;
        pthread_cond_broadcast(&p->changed);
    }
    pthread_mutex_unlock(&p->lock);
    if (ours)
        pthread_join(p->thread, NULL);
}

static uint64_t start(package *p, const char *scenario, callback_fn callback, void *ctx) {
    cancel(p, p->generation);
    if (!strcmp(scenario, "refuse")) {
        callback(ctx, ERROR, "permission was denied");
        callback(ctx, CLOSED, NULL);
    }
    if (!strcmp(scenario, "refuse") || !strcmp(scenario, "mute"))
        return 0;
    snprintf(p->scenario, sizeof p->scenario, "%s", scenario);
    p->callback = callback;
    p->ctx = ctx;
    p->generation++;
    p->running = true;
    p->cancelled = p->stopped = p->over = false;
    p->heard = p->fed = 0;
    callback(ctx, CONNECTED, NULL);
    if (pthread_create(&p->thread, NULL, push, p))
        abort();
    return p->generation;
}

static void feed(package *p, uint64_t heard, uint64_t fed, uint64_t generation) {
    pthread_mutex_lock(&p->lock);
    if (generation == p->generation) {
        p->heard += heard;
        p->fed += fed;
        pthread_cond_broadcast(&p->changed);
        while ((is(p, "break") || is(p, "leave")) && !p->over)
            pthread_cond_wait(&p->changed, &p->lock);
    }
    pthread_mutex_unlock(&p->lock);
}

static void stop(package *p, uint64_t generation) {
    pthread_mutex_lock(&p->lock);
    if (generation == p->generation) {
        p->stopped = true;
        pthread_cond_broadcast(&p->changed);
    }
    pthread_mutex_unlock(&p->lock);
}

/* ---- KoeAppleSpeech -------------------------------------------------------------------------- */

int32_t koe_apple_speech_is_available(void) { return getenv("PACKAGES_OLD_MACOS") == NULL; }

uint64_t koe_apple_speech_start_session(const char *locale, const uint8_t *terms, uint32_t size,
                                        callback_fn callback, void *ctx) {
    int used = snprintf(last_call, sizeof last_call, "%s %s ", locale, terms ? "terms" : "NULL");
    for (uint32_t i = 0; i < size; i++)
        last_call[used++] = terms[i] ? (char)terms[i] : '|';
    last_call[used] = '\0';
    return start(&apple, locale, callback, ctx);
}

void koe_apple_speech_feed_audio(const uint8_t *pcm, uint32_t size, uint64_t generation) {
    uint64_t heard = 0;
    for (uint32_t i = 0; i + 1 < size; i += 2)
        heard += pcm[i] || pcm[i + 1];
    feed(&apple, heard, size / 2, generation);
}

void koe_apple_speech_stop(uint64_t generation) { stop(&apple, generation); }
void koe_apple_speech_cancel(uint64_t generation) { cancel(&apple, generation); }

/* ---- KoeMLX ---------------------------------------------------------------------------------- */

int32_t koe_mlx_load_model(const char *path) { return strstr(path, "missing") ? -1 : 0; }

uint64_t koe_mlx_start_session(const char *language, const char *preset, callback_fn callback,
                               void *ctx) {
    snprintf(last_call, sizeof last_call, "%s %s", language, preset);
    return start(&mlx, language, callback, ctx);
}

void koe_mlx_feed_audio(const float *samples, uint32_t count, uint64_t generation) {
    uint64_t heard = 0;
    for (uint32_t i = 0; i < count; i++)
        heard += samples[i] != 0 && samples[i] >= -1 && samples[i] <= 1;
    feed(&mlx, heard, count, generation);
}

void koe_mlx_stop(uint64_t generation) { stop(&mlx, generation); }
void koe_mlx_cancel(uint64_t generation) { cancel(&mlx, generation); }
