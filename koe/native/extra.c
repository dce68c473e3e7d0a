/*
 * Functions of the library in addition to the contract; they are the same in all generations (koe_extra.h).
 * Python implements them; this file keeps no state.
 */
#include "contract.h"
#include "log.h"
#include "python.h"
#include "seam.h"

#include "koe_extra.h"

#include <stdlib.h>

#define FEATURE_LEVEL 3

KOE_EXPORT uint32_t koe_feature_level(void) {
    return FEATURE_LEVEL;
}

KOE_EXPORT void koe_free(char *text) {
    free(text);
}

KOE_EXPORT char *koe_last_error(void) {
    return koe_copy_last_error();
}

KOE_EXPORT char *koe_history_json(const char *query) {
    char *entries = NULL;
    KOE_ASK_PYTHON(entries, koe_py_history(query));
    return entries;
}

KOE_EXPORT char *koe_history_entry_json(const char *id) {
    char *entry = NULL;
    KOE_ASK_PYTHON(entry, koe_py_history_entry(id));
    return entry;
}

KOE_EXPORT int32_t koe_history_retry(const char *id, const char *options_json, uint64_t token) {
    return koe_begin_again(koe_py_history_retry, id, options_json, token);
}

KOE_EXPORT int32_t koe_history_recorrect(const char *id, const char *options_json, uint64_t token) {
    return koe_begin_again(koe_py_history_recorrect, id, options_json, token);
}

KOE_EXPORT int32_t koe_history_export(const char *id, const char *path) {
    int32_t done = -1;
    KOE_ASK_PYTHON(done, koe_py_history_export(id, path));
    return done;
}

KOE_EXPORT int32_t koe_history_remove(const char *id) {
    int32_t done = -1;
    KOE_ASK_PYTHON(done, koe_py_history_remove(id));
    return done;
}
