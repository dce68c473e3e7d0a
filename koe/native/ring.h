/*
 * The audio ring: passes audio from the audio thread, which never waits, to the reader.
 *
 * Any number of threads push, and one at a time reads. A push is two atomic operations and a copy:
 * no lock, no allocation, no system call. A frame is taken as a whole or not at all.
 *
 * Every frame carries the number of its session. A reader takes the frames of its session, drops
 * those of earlier ones, and stops before those of later ones.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* 8 MiB: 262 s of speech. Pages that were never touched take no memory. */
#define KOE_RING_BYTES (8u << 20)

/* How far ahead of the producers pages are touched: 8 s of speech. */
#define KOE_RING_AHEAD (256u << 10)

/* Copy a frame in. False if there is no room; the frame is then counted as lost. Any thread. */
bool koe_ring_push(uint64_t session, const uint8_t *frame, uint32_t size);

/* Move frames out, in the order of their pushes; returns the bytes moved. A frame larger than
 * capacity comes in parts. The caller ensures that one thread at a time reads, discards or inspects. */
uint32_t koe_ring_read(uint64_t session, uint8_t *buffer, uint32_t capacity);

/* Make the system provide the memory for the next pushes, so that no producer waits for it: the first
 * access to a page causes a page fault. The reader calls this often. */
void koe_ring_touch_ahead(void);

/* Drop the frames of a session, and of earlier ones. */
void koe_ring_discard(uint64_t session);

/* The position of the next frame. Any thread. */
uint64_t koe_ring_reserved(void);

/* Whether all frames before this position can be read; false while a producer is still copying one. */
bool koe_ring_is_whole(uint64_t end);

/* Begin counting what the session loses. */
void koe_ring_begin(uint64_t session);

/* Number of bytes that the session has lost so far; known for the two latest sessions. */
uint64_t koe_ring_lost(uint64_t session);
