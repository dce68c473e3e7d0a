/*
 * What the files share that implement the contract: its declarations, how they are exported, how
 * Python is called, and which core there is.
 */
#pragma once
#ifdef _WIN32
#define KOE_EXPORT __declspec(dllexport)
#else
#define KOE_EXPORT __attribute__((visibility("default")))
#endif

/* Clang wants to see it at the first declaration. */
#define KOE_API KOE_EXPORT
#include "koe_core.h"
#include "thread.h"

/* How Python is called, always. */
#define KOE_CALL_PYTHON(result, call)                      \
    do {                                               \
        koe_sigpipe before_python = koe_hold_sigpipe(); \
        result = call;                                 \
        koe_restore_sigpipe(before_python);            \
    } while (0)

/* The same, after Python was started if need be; the result stays as it is where that fails. */
#define KOE_ASK_PYTHON(result, call)       \
    do {                                   \
        if (koe_python_start())            \
            KOE_CALL_PYTHON(result, call); \
    } while (0)

/* The core that lives, or 0. It may be gone when it is used: Python knows by its number. */
uint64_t koe_live_core(void);

/* Have Python begin a session that gets no audio from here. Returns -1 where it does not, or where there
 * is no core; a session that records is not disturbed then. */
int32_t koe_begin_again(int32_t (*begin)(uint64_t core, const char *id, const char *options,
                                         uint64_t token),
                        const char *id, const char *options, uint64_t token);

#if KOE_ABI == 3
/* The token of the last session that was begun on it; 0 before. */
uint64_t koe_last_token(void);
#endif
