/*
 * Positions are 64-bit counts of bytes since the start; they never wrap. Producers reserve room by
 * moving `reserved` with a compare-and-swap, copy the frame, and publish it by writing its size, which
 * is 0 before. The reader zeroes the room of a frame before it moves `consumed`, so that the size is 0
 * wherever a frame begins in the next lap.
 */
#include "ring.h"

#include <stdatomic.h>
#include <string.h>

/* The ring is an array of units, and a frame begins with one unit of header. */
typedef union unit {
    struct {
        _Atomic uint32_t size; /* of the frame in bytes; 0: not published yet */
        uint32_t unused;
        uint64_t session;
    } header;
    uint8_t bytes[16];
} unit;

#define UNIT sizeof(unit)
#define UNITS (KOE_RING_BYTES / UNIT)

#define SMALLEST_PAGE 4096

static _Alignas(SMALLEST_PAGE) unit ring[UNITS];
static _Atomic uint64_t reserved; /* in bytes: where the next frame goes */
static _Atomic uint64_t consumed; /* in bytes: where the next frame is read */
static uint32_t offset; /* bytes already read of the frame at `consumed`; used by the reader only */
static uint64_t touched; /* bytes of the ring whose memory exists; used by the reader only */
static _Atomic uint64_t lost[2]; /* in bytes, of sessions with even and with odd numbers */

static unit *unit_at(uint64_t position) {
    return &ring[(position / UNIT) % UNITS];
}

static uint64_t room_for(uint32_t size) {
    return UNIT + ((uint64_t)size + UNIT - 1) / UNIT * UNIT;
}

/* The address of a position, and the number of bytes from there to the ring's end. */
static uint8_t *bytes_at(uint64_t position, uint64_t *contiguous) {
    uint64_t start = position % KOE_RING_BYTES;
    *contiguous = KOE_RING_BYTES - start;
    return (uint8_t *)ring + start;
}

static void copy_in(uint64_t position, const uint8_t *from, uint64_t size) {
    uint64_t contiguous;
    uint8_t *to = bytes_at(position, &contiguous);
    uint64_t first = size < contiguous ? size : contiguous;
    memcpy(to, from, first);
    memcpy(ring, from + first, size - first);
}

static void copy_out(uint64_t position, uint8_t *to, uint64_t size) {
    uint64_t contiguous;
    const uint8_t *from = bytes_at(position, &contiguous);
    uint64_t first = size < contiguous ? size : contiguous;
    memcpy(to, from, first);
    memcpy(to + first, ring, size - first);
}

static void zero(uint64_t position, uint64_t size) {
    uint64_t contiguous;
    uint8_t *start = bytes_at(position, &contiguous);
    uint64_t first = size < contiguous ? size : contiguous;
    memset(start, 0, first);
    memset(ring, 0, size - first);
}

bool koe_ring_push(uint64_t session, const uint8_t *frame, uint32_t size) {
    uint64_t room = room_for(size);
    uint64_t position = atomic_load_explicit(&reserved, memory_order_relaxed);
    do {
        uint64_t start = atomic_load_explicit(&consumed, memory_order_acquire);
        /* `start` may be newer than `position`: then the exchange fails, and both are read again. */
        if (position >= start && position + room - start > KOE_RING_BYTES) {
            atomic_fetch_add_explicit(&lost[session % 2], size, memory_order_relaxed);
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(&reserved, &position, position + room,
                                                    memory_order_relaxed, memory_order_relaxed));
    unit *header = unit_at(position);
    header->header.session = session;
    copy_in(position + UNIT, frame, size);
    atomic_store_explicit(&header->header.size, size, memory_order_release);
    return true;
}

/* Read the header of the frame at a position. False if there is no frame, or if its producer is still
 * copying; then a later read finds it. */
static bool peek(uint64_t position, uint32_t *size, uint64_t *session) {
    if (position == atomic_load_explicit(&reserved, memory_order_relaxed))
        return false;
    const unit *frame = unit_at(position);
    *size = atomic_load_explicit(&frame->header.size, memory_order_acquire);
    if (*size == 0)
        return false;
    *session = frame->header.session;
    return true;
}

/* Free the room of the frame at a position; returns the position of the next frame. */
static uint64_t drop(uint64_t position, uint32_t size) {
    uint64_t next = position + room_for(size);
    offset = 0;
    zero(position, next - position);
    atomic_store_explicit(&consumed, next, memory_order_release);
    return next;
}

uint32_t koe_ring_read(uint64_t session, uint8_t *buffer, uint32_t capacity) {
    uint32_t moved = 0, size;
    uint64_t position = atomic_load_explicit(&consumed, memory_order_relaxed), owner;
    while (moved < capacity && peek(position, &size, &owner) && owner <= session) {
        if (owner == session) {
            uint32_t part = size - offset;
            if (part > capacity - moved)
                part = capacity - moved;
            copy_out(position + UNIT + offset, buffer + moved, part);
            moved += part;
            offset += part;
            if (offset < size)
                break;
        }
        position = drop(position, size);
    }
    return moved;
}

/* Write to a page without changing it: 0 replaces 0 atomically. If a producer is copying into the page
 * at the same time, the order of the two does not matter, but a sanitizer can't know that. (Reading is
 * not enough: it maps a shared page, which is copied at the first write.) */
#ifdef __has_attribute
#if __has_attribute(no_sanitize_thread)
__attribute__((no_sanitize_thread))
#endif
#endif
static void touch(uint64_t position) {
    uint32_t nothing = 0;
    atomic_compare_exchange_strong_explicit(&unit_at(position)->header.size, &nothing, 0,
                                            memory_order_relaxed, memory_order_relaxed);
}

void koe_ring_touch_ahead(void) {
    uint64_t end = atomic_load_explicit(&reserved, memory_order_relaxed) + KOE_RING_AHEAD;
    if (end > KOE_RING_BYTES) /* after the first lap all memory exists */
        end = KOE_RING_BYTES;
    for (; touched < end; touched += SMALLEST_PAGE)
        touch(touched);
}

void koe_ring_discard(uint64_t session) {
    uint32_t size;
    uint64_t position = atomic_load_explicit(&consumed, memory_order_relaxed), owner;
    while (peek(position, &size, &owner) && owner <= session)
        position = drop(position, size);
}

uint64_t koe_ring_reserved(void) {
    return atomic_load_explicit(&reserved, memory_order_relaxed);
}

bool koe_ring_is_whole(uint64_t end) {
    uint32_t size;
    uint64_t position = atomic_load_explicit(&consumed, memory_order_relaxed), owner;
    while (position < end && peek(position, &size, &owner))
        position += room_for(size);
    return position >= end;
}

void koe_ring_begin(uint64_t session) {
    atomic_store_explicit(&lost[session % 2], 0, memory_order_relaxed);
}

uint64_t koe_ring_lost(uint64_t session) {
    return atomic_load_explicit(&lost[session % 2], memory_order_relaxed);
}
