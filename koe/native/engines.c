/*
 * The functions of engines that the shell provides and has registered (koe_extra.h). They are stored
 * here, because a shell may register them before Python has started.
 */
#include "contract.h"
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

/* Requires the lock. Returns the entry with this name, or else a free one; NULL if the table is full. */
static engine *find(const char *name) {
    for (size_t i = 0; i < MOST_ENGINES; i++)
        if (!engines[i].name || strcmp(engines[i].name, name) == 0)
            return &engines[i];
    return NULL;
}

KOE_EXPORT int32_t koe_register_local_engine(const char *name, const KoeLocalEngine *functions) {
    if (koe_is_fork() || !name || !*name)
        return -1;
    char *named = koe_copy_text(name);
    KoeLocalEngine *copy = functions ? copy_functions(functions) : NULL;
    if (!named || (functions && !copy)) {
        free(named);
        free_functions(copy);
        return -1;
    }
    koe_acquire(&lock);
    engine *place = find(name);
    KoeLocalEngine *before = copy;
    if (place) {
        before = place->functions;
        place->functions = copy;
        if (!place->name) {
            place->name = named;
            named = NULL;
        }
    }
    koe_release(&lock);
    free(named);
    free_functions(before);
    return place ? 0 : -1;
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
