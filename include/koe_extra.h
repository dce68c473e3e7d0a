/*
 * koe_extra.h - functions of libkoe_core in addition to the contract of koe_core.h.
 *
 * SYNOPSIS
 *
 *   char *entries = koe_history_json(NULL);            what was said lately, as JSON
 *   koe_history_export(id, "/home/me/lost.wav");       the recording of an entry
 *   koe_history_retry(id, NULL, token);                recognise it again: a session
 *                                                      -> on_final_text_ready
 *   koe_free(entries);
 *
 *   if (sp_core_create(NULL) != 0)
 *       show(koe_last_error());                        why, and what to do
 *
 * The functions are the same in all three generations of the contract.
 *
 *
 * FINDING THEM
 *
 * A library of this contract that is not koe has none of these functions, and an older koe has
 * fewer. A shell that may be used with such a library declares nothing, and asks at run time for
 * the newest function that it uses, or for the feature level:
 *
 *   uint32_t (*level)(void) = (uint32_t (*)(void))dlsym(RTLD_DEFAULT, "koe_feature_level");
 *   if (level && level() >= 1)
 *       ...
 *
 * On Windows, do the same with GetProcAddress and the handle of koe_core.dll. A shell that is
 * shipped with its library includes this header and links.
 *
 *
 * RULES
 *
 * The rules of koe_core.h, under THREADS and under STRINGS AND MEMORY, apply here too: every
 * function may be called from any thread, at any time, also from inside any callback. All but
 * koe_feature_level, koe_free, koe_last_error and koe_register_local_engine wait for the disk, and
 * may start the runtime: do not call them on an audio thread.
 *
 * A text that a function returns is yours: release it with koe_free, and with nothing else. It is
 * valid UTF-8 without NUL bytes inside. NULL and -1 mean failure. One line on stderr, in
 * koe.log and in koe_last_error gives the reason, except if there is no core.
 *
 * If the runtime cannot be started, and in a fork of a process that uses it, all but
 * koe_feature_level, koe_free and koe_last_error return NULL or -1; koe_register_local_engine works
 * in the first case.
 */
#ifndef KOE_EXTRA_H
#define KOE_EXTRA_H

#include <stdint.h>

/* How a linker finds the functions. Define it as empty if the library is a static one. */
#ifndef KOE_API
#ifdef _WIN32
#define KOE_API __declspec(dllimport)
#else
#define KOE_API
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * koe_feature_level - the set of functions of this library.
 *
 * Returns 3: the functions of this header; 2: all but koe_register_local_engine; 1: all but that
 * and koe_last_error. A later library with more functions returns more; each level includes the
 * functions of all lower ones. Never blocks, and does not start the runtime.
 */
KOE_API uint32_t koe_feature_level(void);

/*
 * koe_free - release a text that a function of this header returned.
 *
 * Exactly once for each, from any thread. NULL does nothing. Not for texts of sp_ functions, which
 * are released with sp_core_free_string.
 */
KOE_API void koe_free(char *text);

/* ------------------------------------------------------------------------------------------------
 * History
 *
 * Recordings and texts are kept for some time, according to the settings under "history": by
 * default the recording of every session that did not give all of its text, and of every one that
 * was cancelled. Each one is an entry with an ID, which is never used for another entry. An entry
 * appears in the history a moment after the last callback of its session.
 *
 * The parameter id is an ID from the JSON; or the beginning of one, if no other ID begins with it;
 * or "last" for the newest.
 *
 * An entry is an object with these members, and later versions may add some:
 *
 *   "id"           text
 *   "began"        the time in UTC: "2026-01-31T23:59:59.123Z"
 *   "seconds"      the length of the recording, even if it was removed
 *   "engine"       the engine that recognised it, or was to do so
 *   "profile"      the profile that was to correct it; "" for none
 *   "why"          how it ended: "complete", "incomplete" (a text came, and its end may be
 *                  missing), "silent", "cancelled", "failed", "interrupted" (the program ended
 *                  before)
 *   "state"        the last state, as in on_state_changed; "" if unknown
 *   "text"         the delivered text; "" if there was none or it is not kept
 *   "heard"        the recognised text; "" if there was none or it is not kept
 *   "corrected"    whether "text" is a correction of "heard"
 *   "whole"        false: the end of the text may be missing
 *   "reason"       why it failed, a sentence for the user; "" if it did not
 *   "audio"        whether there is a recording
 *   "audio_bytes"  the size of its file; 0 if there is none
 *   "pinned"       whether it stays until it is removed by hand
 * ---------------------------------------------------------------------------------------------- */

/*
 * koe_history_json - the entries.
 *
 * query: a text that the text of an entry must contain, in any case; NULL or "" for all entries.
 *
 * Returns an array of at most the 1000 newest entries, newest first; "[]" if there is none. NULL:
 * the history cannot be read, or query is not UTF-8. No core: works.
 */
KOE_API char *koe_history_json(const char *query);

/*
 * koe_history_entry_json - one entry.
 *
 * Returns the object. NULL: there is no such entry, or the history cannot be read. No core: works.
 */
KOE_API char *koe_history_entry_json(const char *id);

/*
 * koe_history_retry - recognise a recording again.
 *
 * Begins a session whose sound is the recording. It is a session like any other: it replaces a
 * running one, as described at sp_core_session_begin, and makes the same callbacks, the last of
 * which is the text or an error; sp_core_session_cancel and sp_core_accept_asr_result apply to it.
 * It reads the recording as fast as the engine takes it; sound that is pushed meanwhile is
 * discarded. If it gives a text, that is the text of the entry from then on, and the recording
 * stays for as long as the settings say; otherwise nothing is changed.
 *
 * options_json: NULL, or an object with one or both of
 *   "engine"   the engine that recognises, in the place of asr.provider
 *   "profile"  the ID of the profile that corrects, even if correction is off
 * token: as SPSessionContext.session_token; ignored in generations 1 and 2.
 *
 * Returns 0: the session has begun; later problems, such as an unknown engine, are reported by
 * on_session_error. -1, without callbacks and without effect on any session: there is no such
 * entry, or it has no recording, or one that cannot be read; id is "last", and the newest session
 * is not over; options_json is not valid; there is no such profile; or there is no core.
 *
 * Does not wait for recognition.
 */
KOE_API int32_t koe_history_retry(const char *id, const char *options_json, uint64_t token);

/*
 * koe_history_recorrect - correct the recognised text again.
 *
 * Like koe_history_retry, but without recognition: the session's recognised text is the "heard" of
 * the entry, which needs no recording. options_json: NULL, or an object with "profile" only. It
 * also returns -1 if there is no recognised text.
 */
KOE_API int32_t koe_history_recorrect(const char *id, const char *options_json, uint64_t token);

/*
 * koe_history_export - write a recording as a WAV file.
 *
 * path: of the file, absolute, UTF-8 also on Windows. An existing file is replaced. The format is
 * 16 kHz, mono, 16 bits. The recording of an interrupted session is written as far as it exists.
 *
 * Returns 0, or -1: there is no such entry, or no recording, or the file cannot be written. No core:
 * works.
 */
KOE_API int32_t koe_history_export(const char *id, const char *path);

/*
 * koe_history_remove - remove an entry, with its recording and its texts.
 *
 * Also a pinned one. Returns 0, or -1: there is no such entry, or it is being recorded; then it
 * stays unchanged. No core: works.
 */
KOE_API int32_t koe_history_remove(const char *id);

/* ------------------------------------------------------------------------------------------------
 * Failures
 * ---------------------------------------------------------------------------------------------- */

/*
 * koe_last_error - why something did not work.
 *
 * The newest error of this process, regardless of the thread: a sentence for the user with the
 * problem and the remedy, without keys and without dictated text. After a function that failed, on
 * any thread, it is that failure unless another one came since. Errors of on_session_error are not
 * reported here.
 *
 * Made for sp_core_create: if the runtime cannot start, there is no session to report it, and a
 * program with windows has no stderr. The same sentence is the last line of koe.log in the settings
 * folder.
 *
 * Returns a text that is yours: release it with koe_free. NULL: nothing has failed yet, or there is
 * not enough memory. Never blocks, and does not start the runtime. No core: works. Since level 2.
 */
KOE_API char *koe_last_error(void);

/* ------------------------------------------------------------------------------------------------
 * Engines of the shell
 * ---------------------------------------------------------------------------------------------- */

/* A function of such an engine; the last entry of a table has NULL as its name. */
typedef struct KoeLocalEngine {
    const char *function;  /* its name, by which the core looks it up, such as "koe_mlx_stop" */
    void (*address)(void); /* its address, regardless of its type */
} KoeLocalEngine;

/*
 * koe_register_local_engine - register the functions of an engine.
 *
 * For "apple-speech" and "mlx", whose recognition is a part of the shell. Without registration the
 * core looks their functions up by name in the process, and does not find them if a linker has
 * stripped or hidden functions that are not called. A function that is not in the table is looked
 * up by name as before.
 *
 *   static const KoeLocalEngine mlx[] = {
 *       {"koe_mlx_load_model", (void (*)(void))koe_mlx_load_model},
 *       {"koe_mlx_start_session", (void (*)(void))koe_mlx_start_session},
 *       {"koe_mlx_feed_audio", (void (*)(void))koe_mlx_feed_audio},
 *       {"koe_mlx_stop", (void (*)(void))koe_mlx_stop},
 *       {"koe_mlx_cancel", (void (*)(void))koe_mlx_cancel},
 *       {NULL, NULL}};
 *   koe_register_local_engine("mlx", mlx);             before sp_core_create
 *
 * name: the value of asr.provider. functions: the table, which is copied; it replaces an earlier
 * one, and NULL removes it. The functions must stay in place: sessions that have begun use them to
 * their end.
 *
 * Returns 0, or -1: name is NULL or empty, or there is no room or not enough memory. Never blocks,
 * and does not start the runtime. No core: works. Since level 3.
 */
KOE_API int32_t koe_register_local_engine(const char *name, const KoeLocalEngine *functions);

#ifdef __cplusplus
}
#endif

#endif /* KOE_EXTRA_H */
