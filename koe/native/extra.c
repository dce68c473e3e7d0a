/*
 * What the library has besides the contract: the same in all generations (koe_extra.h). Nothing of it
 * has a state here; Python answers.
 */
#include "contract.h"
#include "log.h"
#include "python.h"
#include "seam.h"

#include "koe_extra.h"

#include <stdlib.h>

#define FEATURE_LEVEL 3

EXPORT uint32_t koe_feature_level(void) {
    return FEATURE_LEVEL;
}

EXPORT void koe_free(char *text) {
    free(text);
}

EXPORT char *koe_last_error(void) {
    return koe_copy_last_error();
}

EXPORT char *koe_history_json(const char *query) {
    char *entries = NULL;
    if (koe_python_start())
        CALL_PYTHON(entries, koe_py_history(query));
    return entries;
}

EXPORT char *koe_history_entry_json(const char *id) {
    char *entry = NULL;
    if (koe_python_start())
        CALL_PYTHON(entry, koe_py_history_entry(id));
    return entry;
}

EXPORT int32_t koe_history_retry(const char *id, const char *options_json, uint64_t token) {
    return koe_begin_again(koe_py_history_retry, id, options_json, token);
}

EXPORT int32_t koe_history_recorrect(const char *id, const char *options_json, uint64_t token) {
    return koe_begin_again(koe_py_history_recorrect, id, options_json, token);
}

EXPORT int32_t koe_history_export(const char *id, const char *path) {
    STATUS(koe_py_history_export(id, path));
}

EXPORT int32_t koe_history_remove(const char *id) {
    STATUS(koe_py_history_remove(id));
}
