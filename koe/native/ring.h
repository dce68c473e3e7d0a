/*
 * The audio ring: how sound leaves the audio thread, which never waits.
 *
 * Any number of threads push, one at a time reads. A push is two atomic operations and a copy:
 * no lock, no allocation, no system call. A frame is taken whole or not at all.
 *
 * Every frame carries the number of its session. A reader takes the frames of its session, drops
 * those of earlier ones, and stops before those of later ones.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* 8 MiB: 262 s of speech. Pages that nothing has touched cost no memory. */
#define KOE_RING_BYTES (8u << 20)

/* How far ahead of the producers pages are touched: 8 s of speech. */
#define KOE_RING_AHEAD (256u << 10)

/* Copy a frame in. False if there is no room; the frame is then counted as lost. Any thread. */
bool koe_ring_push(uint64_t session, const uint8_t *frame, uint32_t size);

/* Move frames out, in the order of their pushes; returns the bytes moved. A frame larger than
 * capacity comes in parts. One thread at a time reads, discards and looks; the caller sees to it. */
uint32_t koe_ring_read(uint64_t session, uint8_t *buffer, uint32_t capacity);

/* Have the system provide the memory that is pushed into next, so that no producer has to wait for it:
 * a page that is touched for the first time costs a fault. For the reader, often. */
void koe_ring_touch_ahead(void);

/* Drop the frames of a session, and of earlier ones. */
void koe_ring_discard(uint64_t session);

/* Where the next frame will go. Any thread. */
uint64_t koe_ring_reserved(void);

/* Whether all frames before that place are there to be read: false while a producer still copies. */
bool koe_ring_is_whole(uint64_t end);

/* Begin counting what the session loses. */
void koe_ring_begin(uint64_t session);

/* The bytes that the session lost so far; known for the two latest sessions. */
uint64_t koe_ring_lost(uint64_t session);
