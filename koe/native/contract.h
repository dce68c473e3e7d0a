/*
 * Shared by the files that implement the contract: its declarations, the export of functions, the calls
 * of Python, and the present core.
 */
#pragma once
#ifdef _WIN32
#define KOE_EXPORT __declspec(dllexport)
#else
#define KOE_EXPORT __attribute__((visibility("default")))
#endif

/* Clang requires it at the first declaration. */
#define KOE_API KOE_EXPORT
#include "koe_core.h"
#include "thread.h"

/* Every call of Python is made with this macro. */
#define KOE_CALL_PYTHON(result, call)                      \
    do {                                               \
        koe_sigpipe before_python = koe_hold_sigpipe(); \
        result = call;                                 \
        koe_restore_sigpipe(before_python);            \
    } while (0)

/* The same, after starting Python if necessary; if that fails, the result is unchanged. */
#define KOE_ASK_PYTHON(result, call)       \
    do {                                   \
        if (koe_python_start())            \
            KOE_CALL_PYTHON(result, call); \
    } while (0)

/* The present core, or 0. It may be gone when it is used; Python checks its number. */
uint64_t koe_live_core(void);

/* Let Python begin a session that gets no audio from the shell. Returns -1 if Python refuses, or if
 * there is no core; in both cases a session that is recording is not disturbed. */
int32_t koe_begin_again(int32_t (*begin)(uint64_t core, const char *id, const char *options,
                                         uint64_t token),
                        const char *id, const char *options, uint64_t token);

#if KOE_ABI == 3
/* The token of the last session that was begun on the core; 0 before the first. */
uint64_t koe_last_token(void);
#endif
