/*
 * The ring by itself: producers on threads of their own, one reader, and everything that was
 * pushed arrives once, whole, and in the order of its producer. For sanitizers too.
 *
 *     ring_stress PRODUCERS FRAMES
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "ring.h"

#define SESSION 7
#define LARGEST 3000

typedef struct frame {
    uint32_t producer;
    uint32_t number;
    uint32_t size;
} frame;

static unsigned frames;
static atomic_uint still_pushing;

/* Sizes that are odd as often as not, and never divide the ring evenly. */
static uint32_t size_of(uint32_t producer, uint32_t number) {
    return (uint32_t)sizeof(frame) + (producer * 977u + number * 131u) % LARGEST;
}

static uint8_t filling(const frame *head, uint32_t at) {
    return (uint8_t)(head->producer * 31u + head->number * 7u + at);
}

static void *produce(void *argument) {
    uint8_t bytes[sizeof(frame) + LARGEST];
    frame head = {.producer = (uint32_t)(uintptr_t)argument};
    for (head.number = 0; head.number < frames; head.number++) {
        head.size = size_of(head.producer, head.number);
        memcpy(bytes, &head, sizeof head);
        for (uint32_t at = sizeof head; at < head.size; at++)
            bytes[at] = filling(&head, at);
        while (!koe_ring_push(SESSION, bytes, head.size)) {
        }
    }
    atomic_fetch_sub(&still_pushing, 1);
    return NULL;
}

static void fail(const char *why, const frame *head) {
    printf("not ok: %s (producer %u, frame %u, %u bytes)\n", why, head->producer, head->number,
           head->size);
    exit(1);
}

/* Take one frame out; it may come in parts. False if nothing is there. */
static bool take(uint8_t *bytes, frame *head) {
    uint32_t moved = koe_ring_read(SESSION, bytes, sizeof *head);
    if (moved == 0)
        return false;
    memcpy(head, bytes, sizeof *head);
    if (moved != sizeof *head)
        fail("a head came in parts", head);
    while (moved < head->size)
        moved += koe_ring_read(SESSION, bytes + moved, head->size - moved);
    return true;
}

static bool frames_are_atomic_and_ordered(unsigned producers) {
    pthread_t threads[64];
    uint32_t next[64] = {0};
    uint8_t bytes[sizeof(frame) + LARGEST];
    atomic_store(&still_pushing, producers);
    for (uintptr_t i = 0; i < producers; i++)
        if (pthread_create(&threads[i], NULL, produce, (void *)i) != 0)
            return false;
    uint64_t taken = 0;
    while (taken < (uint64_t)producers * frames) {
        frame head;
        bool all_is_there = atomic_load(&still_pushing) == 0;
        koe_ring_touch_ahead();
        if (!take(bytes, &head)) {
            if (all_is_there) {
                printf("not ok: %llu frames never came\n",
                       (unsigned long long)((uint64_t)producers * frames - taken));
                return false;
            }
            continue;
        }
        if (head.producer >= producers || head.number != next[head.producer]++)
            fail("out of order", &head);
        if (head.size != size_of(head.producer, head.number))
            fail("wrong size", &head);
        for (uint32_t at = sizeof head; at < head.size; at++)
            if (bytes[at] != filling(&head, at))
                fail("wrong content", &head);
        taken++;
    }
    for (unsigned i = 0; i < producers; i++)
        pthread_join(threads[i], NULL);
    return true;
}

/* Page faults of this thread; 0 where the system does not say, or a sanitizer has some of its own. */
static long faults(void) {
#if defined(RUSAGE_THREAD) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_minflt;
#else
    return 0;
#endif
}

/* In the first lap. Each frame is read before the next one comes. */
static bool pushing_finds_memory_there(void) {
    enum { FRAME = 6400, FEW = 20 };
    static uint8_t bytes[FRAME];
    long pushing = 0;
    memset(bytes, 1, sizeof bytes);
    for (unsigned pushed = 0; pushed < KOE_RING_BYTES; pushed += FRAME) {
        koe_ring_touch_ahead();
        long before = faults();
        koe_ring_push(SESSION, bytes, FRAME);
        pushing += faults() - before;
        if (koe_ring_read(SESSION, bytes, FRAME) != FRAME)
            return false;
    }
    printf("# %ld faults in %u pushes\n", pushing, KOE_RING_BYTES / FRAME);
    return pushing < FEW;
}

static bool a_full_ring_drops_whole_frames_and_counts_them(void) {
    static uint8_t second[32000];
    uint64_t session = SESSION + 1, pushed = 0;
    koe_ring_begin(session);
    while (koe_ring_push(session, second, sizeof second))
        pushed += sizeof second;
    koe_ring_push(session, second, 0x1000000);
    uint64_t lost = koe_ring_lost(session), read = 0;
    static uint8_t buffer[100000];
    for (uint32_t moved; (moved = koe_ring_read(session, buffer, sizeof buffer)) > 0;)
        read += moved;
    return lost == sizeof second + 0x1000000 && read == pushed && pushed > 250 * sizeof second;
}

static bool sessions_do_not_mix(void) {
    uint8_t out[16];
    uint64_t old = SESSION + 2, new = SESSION + 3;
    koe_ring_push(old, (const uint8_t *)"old", 3);
    koe_ring_push(new, (const uint8_t *)"new", 3);
    if (koe_ring_read(old, out, 2) != 2) /* in parts, and then no more of it */
        return false;
    if (koe_ring_read(new, out, sizeof out) != 3 || memcmp(out, "new", 3) != 0)
        return false;
    koe_ring_push(new, (const uint8_t *)"newer", 5);
    return koe_ring_read(old, out, sizeof out) == 0 && koe_ring_read(new, out, sizeof out) == 5;
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    unsigned producers = (unsigned)atoi(argv[1]);
    frames = (unsigned)atoi(argv[2]);
    bool there = pushing_finds_memory_there();
    printf("%s pushing_finds_memory_there\n", there ? "ok" : "not ok");
    bool ok = producers > 0 && producers <= 64 && frames_are_atomic_and_ordered(producers);
    printf("%s frames_are_atomic_and_ordered\n", ok ? "ok" : "not ok");
    bool full = a_full_ring_drops_whole_frames_and_counts_them();
    printf("%s a_full_ring_drops_whole_frames_and_counts_them\n", full ? "ok" : "not ok");
    bool apart = sessions_do_not_mix();
    printf("%s sessions_do_not_mix\n", apart ? "ok" : "not ok");
    return there && ok && full && apart ? 0 : 1;
}
