/*
 * The contract in front without Python behind: the seam's other side is a few numbers here, and
 * takes its time. Many threads call everything at once, also out of callbacks; whenever all of them
 * rest, both sides must agree on which session records, and it gets its audio. For sanitizers too.
 *
 *     order_stress ROUNDS
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "koe_core.h"
#include "python.h"
#include "ring.h"
#include "seam.h"

enum { THREADS = 8, CALLS = 20, CORES = 1 << 16, FRAME_BYTES = 640 };

static _Thread_local uint32_t seed;

static uint32_t any(uint32_t below) {
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 16) % below;
}

/* As the real one, which waits for the GIL and for the disk. A sleep, because on a busy computer a
 * thread that yields waits for all others. */
static void take_time(void) {
    for (uint32_t i = any(4); i > 0; i--)
        nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
}

/* ---- the other side of the seam -------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    bool alive;
    uint64_t recording;
} cores[CORES]; /* by number */
static uint64_t latest_core;
static _Thread_local uint64_t asked; /* the core that this thread has reloaded last */

bool koe_python_start(void) { return true; }
bool koe_python_failed(void) { return false; }
bool koe_python_is_alive(void) { return true; }
bool koe_is_fork(void) { return false; }

int32_t koe_py_create(uint64_t core, uint32_t rules) {
    (void)rules;
    if (core >= CORES)
        abort();
    take_time();
    pthread_mutex_lock(&lock);
    cores[core].alive = true;
    latest_core = core;
    pthread_mutex_unlock(&lock);
    return 0;
}

int32_t koe_py_destroy(uint64_t core, double seconds) {
    (void)seconds;
    take_time();
    pthread_mutex_lock(&lock);
    uint64_t session = cores[core].recording;
    cores[core].alive = false;
    cores[core].recording = 0;
    pthread_mutex_unlock(&lock);
    if (session != 0)
        koe_end_audio(session);
    return 0;
}

int32_t koe_py_exit(void) { return 0; }

int32_t koe_py_reload(uint64_t core) {
    asked = core;
    koe_settings settings = {.restore_delay_ms = 1};
    koe_publish_settings(&settings);
    return 0;
}

static int32_t record(uint64_t core, uint64_t session) {
    take_time();
    pthread_mutex_lock(&lock);
    bool alive = cores[core].alive;
    uint64_t before = cores[core].recording;
    if (alive)
        cores[core].recording = session;
    pthread_mutex_unlock(&lock);
    if (before != 0)
        koe_end_audio(before);
    take_time();
    return alive ? 0 : -1;
}

int32_t koe_py_session_begin(uint64_t core, uint64_t session, int32_t mode, uint64_t token) {
    (void)mode, (void)token;
    return record(core, session);
}

int32_t koe_py_session_end(uint64_t core) { return record(core, 0); }
int32_t koe_py_session_cancel(uint64_t core) { return record(core, 0); }
int32_t koe_py_accept(uint64_t core) { return core ? 0 : -1; }

/* ---- this side ------------------------------------------------------------------------------- */

static void begin(void) { sp_core_session_begin((struct SPSessionContext){.mode = HOLD}); }

static void push(uint8_t byte) {
    uint8_t frame[FRAME_BYTES];
    memset(frame, byte, sizeof frame);
    sp_core_push_audio(frame, sizeof frame, 0);
}

static void call_anything(void) {
    switch (any(13)) {
    case 0:
    case 1:
    case 2:
        begin();
        break;
    case 3:
    case 4:
        sp_core_session_end();
        break;
    case 5:
#if KOE_ABI >= 2
        sp_core_session_cancel();
#endif
        break;
    case 6:
        sp_core_create(NULL);
        break;
    case 7:
        if (any(4) == 0)
            sp_core_destroy();
        break;
    case 8:
        sp_core_reload_config();
        break;
    case 9:
        (void)sp_core_get_feedback_config();
#if KOE_ABI >= 3
        (void)sp_core_accept_asr_result();
#endif
        break;
    default:
        push(1);
    }
}

#if KOE_ABI >= 3
static void called_back(uint64_t token) {
    (void)token;
    call_anything();
}
#else
static void called_back(void) { call_anything(); }
#endif

static const struct SPCallbacks table = {.on_session_ready = called_back};

static void *call(void *argument) {
    static _Atomic uint32_t started;
    seed = ++started;
    for (int i = 0; i < CALLS; i++)
        call_anything();
    return argument;
}

/* What the loop's threads do: they read, and call back. */
static void *serve(void *argument) {
    static _Atomic uint32_t started;
    seed = 1u << 31 | ++started;
    for (int i = 0; i < CALLS; i++) {
        uint8_t buffer[6400];
        pthread_mutex_lock(&lock);
        uint64_t core = latest_core, session = cores[core].recording;
        pthread_mutex_unlock(&lock);
        if (session != 0)
            (void)koe_read_audio(session, buffer, sizeof buffer);
        koe_notify(core, 1, KOE_NOTICE_READY, NULL);
        sp_core_register_callbacks(table);
    }
    return argument;
}

/* The session that records, according to the other side; 0 if none does. */
static uint64_t recording(void) {
    sp_core_reload_config(); /* asks the core that is in place */
    return asked == 0 ? 0 : cores[asked].recording;
}

/* What is pushed now arrives where it should, or nowhere. */
static void check_audio(const char *when, long round) {
    static uint8_t buffer[1 << 20];
    uint64_t session = recording(), before = koe_ring_reserved();
    while (koe_read_audio(session, buffer, sizeof buffer) != 0)
        continue;
    push(2);
    uint32_t size = koe_read_audio(session, buffer, sizeof buffer);
    bool arrived = size == FRAME_BYTES && buffer[0] == 2;
    if (session != 0 ? !arrived : koe_ring_reserved() != before) {
        printf("not ok: %s of round %ld: session %llu gets %u bytes\n", when, round,
               (unsigned long long)session, size);
        exit(1);
    }
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    seed = 7;
    sp_core_register_callbacks(table);
    long rounds = atol(argv[1]), recorded = 0;
    for (long round = 0; round < rounds; round++) {
        pthread_t threads[THREADS];
        sp_core_create(NULL);
        begin();
        for (int i = 0; i < THREADS; i++)
            if (pthread_create(&threads[i], NULL, i < 2 ? serve : call, NULL) != 0)
                return 2;
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        recorded += recording() != 0;
        check_audio("after the calls", round);
        sp_core_create(NULL);
        begin();
        check_audio("after the last begin", round);
        if (recording() == 0) {
            printf("not ok: the last session does not record\n");
            return 1;
        }
        sp_core_destroy();
        for (uint64_t core = 1; core <= latest_core; core++)
            if (cores[core].alive) {
                printf("not ok: core %llu was not destroyed\n", (unsigned long long)core);
                return 1;
            }
    }
    printf("ok %ld rounds, after %ld of which a session recorded\n", rounds, recorded);
    return recorded > 0 && recorded < rounds ? 0 : 1;
}
