/*
 * The functions of engines that the shell provides and has registered (koe_extra.h). They are stored
 * here, because a shell may register them before Python has started.
 */
#include "contract.h"
#include "log.h"
#include "python.h"
#include "seam.h"

#include "koe_extra.h"

#include <stdlib.h>
#include <string.h>

#define MOST_ENGINES 16

typedef struct engine {
    char *name; /* NULL: the entry is free */
    KoeLocalEngine *functions;
} engine;

/* Guards the table; held only while copying. */
static koe_lock lock = KOE_LOCK_INIT;
static engine engines[MOST_ENGINES];

static void free_functions(KoeLocalEngine *functions) {
    for (KoeLocalEngine *each = functions; each && each->function; each++)
        free((char *)each->function);
    free(functions);
}

/* NULL if there is not enough memory. */
static KoeLocalEngine *copy_functions(const KoeLocalEngine *functions) {
    size_t count = 0;
    while (functions[count].function)
        count++;
    KoeLocalEngine *copy = calloc(count + 1, sizeof *copy);
    for (size_t i = 0; copy && i < count; i++) {
        copy[i].function = koe_copy_text(functions[i].function);
        copy[i].address = functions[i].address;
        if (!copy[i].function) {
            free_functions(copy);
            copy = NULL;
        }
    }
    return copy;
}

/* Requires the lock. Returns the entry with this name, or a free entry if the name is NULL. Returns
 * NULL if there is no such entry. */
static engine *find(const char *name) {
    for (size_t i = 0; i < MOST_ENGINES; i++) {
        const char *known = engines[i].name;
        if (name && known ? strcmp(known, name) == 0 : !name && !known)
            return &engines[i];
    }
    return NULL;
}

static bool is_utf8(const char *text) {
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        int more = *at < 0x80 ? 0 : *at >> 5 == 6 ? 1 : *at >> 4 == 14 ? 2 : *at >> 3 == 30 ? 3 : -1;
        if (more < 0)
            return false;
        for (at++; more > 0; more--, at++)
            if (*at >> 6 != 2)
                return false;
    }
    return true;
}

static int32_t refuse(const char *why) {
    koe_report(KOE_LOG_ERROR, why);
    return -1;
}

KOE_EXPORT int32_t koe_register_local_engine(const char *name, const KoeLocalEngine *functions) {
    if (koe_is_fork())
        return -1;
    if (!name || !*name || !is_utf8(name))
        return refuse("the name of a registered engine is missing or not UTF-8; pass a UTF-8 name");
    char *named = koe_copy_text(name);
    KoeLocalEngine *copy = functions ? copy_functions(functions) : NULL;
    if (!named || (functions && !copy)) {
        free(named);
        free_functions(copy);
        return refuse("there is not enough memory for the functions of an engine");
    }
    koe_acquire(&lock);
    engine *place = find(name);
    if (!place && functions)
        place = find(NULL);
    engine before = {named, copy};
    if (place) {
        before = *place;
        *place = functions ? (engine){named, copy} : (engine){NULL, NULL};
    }
    koe_release(&lock);
    if (place && !functions)
        free(named);
    free(before.name);
    free_functions(before.functions);
    return place || !functions ? 0
                               : refuse("too many engines are registered; remove one: register its "
                                        "name with NULL in the place of its functions");
}

uint64_t koe_local_function(const char *name, const char *function) {
    uint64_t address = 0;
    koe_acquire(&lock);
    engine *place = find(name);
    for (KoeLocalEngine *each = place ? place->functions : NULL; each && each->function; each++)
        if (strcmp(each->function, function) == 0)
            address = (uint64_t)(uintptr_t)each->address;
    koe_release(&lock);
    return address;
}
