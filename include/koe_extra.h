/*
 * koe_extra.h - what libkoe_core has besides the contract of koe_core.h.
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
 * A library of this contract that is not koe has none of these functions, and an older one fewer. A
 * shell that may meet one declares nothing and asks at run time, for the newest function that it uses or
 * for the level of them all:
 *
 *   uint32_t (*level)(void) = (uint32_t (*)(void))dlsym(RTLD_DEFAULT, "koe_feature_level");
 *   if (level && level() >= 1)
 *       ...
 *
 * On Windows the same with GetProcAddress and the handle of koe_core.dll. A shell that comes with its
 * library includes this header and links.
 *
 *
 * RULES
 *
 * Those of koe_core.h, under THREADS, and under STRINGS AND MEMORY, hold here too: every function may be
 * called from any thread, at any time, also from inside any callback. All but koe_feature_level, koe_free,
 * koe_last_error and koe_register_local_engine wait for the disk, and may start the runtime: no place for them is an audio thread.
 *
 * A text that a function returns is yours: release it with koe_free, and with nothing else. It is
 * valid UTF-8 without NUL bytes inside. NULL and -1 say that it did not work. One line on stderr, in
 * koe.log and in koe_last_error says why, except where there is no core.
 *
 * Where the runtime cannot be started, and in a fork of a process that uses it, all but koe_feature_level, koe_free
 * and koe_last_error return NULL or -1; koe_register_local_engine works in the first case.
 */
#ifndef KOE_EXTRA_H
#define KOE_EXTRA_H

#include <stdint.h>

/* How the functions are found by a linker. Define it to nothing where the library is a static one. */
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
 * koe_feature_level - which functions there are.
 *
 * Returns 3: those of this header; 2: all but koe_register_local_engine; 1: nor koe_last_error. A later library that has more returns more;
 * what a level has, all later ones have. Never blocks, and starts nothing.
 */
KOE_API uint32_t koe_feature_level(void);

/*
 * koe_free - release a text that a function of this header returned.
 *
 * Exactly once for each, from any thread. NULL does nothing. Not for texts of sp_ functions, which
 * have sp_core_free_string.
 */
KOE_API void koe_free(char *text);

/* ------------------------------------------------------------------------------------------------
 * History
 *
 * What was said is kept for some time as the settings under "history" say: by default the recording of
 * every session that did not give all of its text, and of every one that was cancelled. Each is an entry
 * with an ID, and the ID stays its own. An entry comes into the history a moment after the last callback
 * of its session.
 *
 * An id is one of those in the JSON; or its beginning, if no other ID begins so; or "last" for the newest.
 *
 * An entry is an object with these members, and later versions may add some:
 *
 *   "id"           text
 *   "began"        when, in UTC: "2026-01-31T23:59:59.123Z"
 *   "seconds"      how long the recording is, or was
 *   "engine"       which engine recognised it, or was to
 *   "profile"      the profile that was to correct it; "" for none
 *   "why"          how it ended: "complete", "incomplete" (a text came, and its end may be missing),
 *                  "silent", "cancelled", "failed", "interrupted" (the program ended before)
 *   "state"        the last state, as in on_state_changed; "" if it is not known
 *   "text"         what was delivered; "" if nothing was or it is not kept
 *   "heard"        what was recognised; likewise
 *   "corrected"    whether "text" is a correction of "heard"
 *   "whole"        false: the end of what was said may be missing
 *   "reason"       why it failed, a sentence for the user; "" if it did not
 *   "audio"        whether there is a recording
 *   "audio_bytes"  how large its file is; 0 if there is none
 *   "pinned"       whether it stays until it is removed by hand
 * ---------------------------------------------------------------------------------------------- */

/*
 * koe_history_json - the entries.
 *
 * query: what the text of an entry contains, in any case; NULL or "" for all.
 *
 * Returns an array, newest first, of the 1000 newest at most; "[]" if there is none. NULL: the history
 * cannot be read, or query is not UTF-8. No core: works.
 */
KOE_API char *koe_history_json(const char *query);

/*
 * koe_history_entry_json - one entry.
 *
 * Returns the object. NULL: there is no such entry, or as above. No core: works.
 */
KOE_API char *koe_history_entry_json(const char *id);

/*
 * koe_history_retry - recognise a recording again.
 *
 * A session begins whose sound is the recording. It is one like any other: it takes the place of one that
 * runs, as sp_core_session_begin says, and makes the same callbacks, of which the last is the text or an
 * error; sp_core_session_cancel and sp_core_accept_asr_result mean it. It reads the recording as fast as
 * the engine takes it; sound that is pushed meanwhile is discarded. Where it gives a text, that is the
 * text of the entry from then on, and the recording stays for as long as the settings say; else nothing
 * is changed.
 *
 * options_json: NULL, or an object with one or both of
 *   "engine"   which engine recognises, in the place of asr.provider
 *   "profile"  the ID of the profile that corrects, whether correction is on or not
 * token: as SPSessionContext.session_token; ignored in generations 1 and 2.
 *
 * Returns 0: the session has begun; what goes wrong from here on, an unknown engine included, comes as
 * on_session_error. -1, and no callback, and no session is disturbed: there is no such entry, or it has no
 * recording, or one that cannot be read; options_json is something else; there is no such profile; or
 * there is no core.
 *
 * Does not wait for recognition.
 */
KOE_API int32_t koe_history_retry(const char *id, const char *options_json, uint64_t token);

/*
 * koe_history_recorrect - correct what was heard again.
 *
 * As koe_history_retry, but nothing is recognised: the session's recognised text is the "heard" of the
 * entry, which needs no recording. options_json: NULL, or an object with "profile" alone. It also returns
 * -1 where nothing was heard.
 */
KOE_API int32_t koe_history_recorrect(const char *id, const char *options_json, uint64_t token);

/*
 * koe_history_export - write a recording as a WAV file.
 *
 * path: of the file, absolute, UTF-8 also on Windows. One that is there is replaced. The format is 16 kHz,
 * mono, 16 bits. What an interrupted session left is written as far as it goes.
 *
 * Returns 0, or -1: there is no such entry, or no recording, or the file cannot be written. No core:
 * works.
 */
KOE_API int32_t koe_history_export(const char *id, const char *path);

/*
 * koe_history_remove - remove an entry, with its recording and its texts.
 *
 * Also a pinned one. Returns 0, or -1: there is no such entry, or it is being recorded; it is there
 * as before then. No core: works.
 */
KOE_API int32_t koe_history_remove(const char *id);

/* ------------------------------------------------------------------------------------------------
 * Failures
 * ---------------------------------------------------------------------------------------------- */

/*
 * koe_last_error - why something did not work.
 *
 * The newest error of this process, whichever thread it came up on: a sentence for the user, what is wrong
 * and what to do, without keys and without what was said. After a function that failed, on whatever thread,
 * it is that failure unless another one came since. What on_session_error reports is not here.
 *
 * Made for sp_core_create: where the runtime cannot start, no session says so, and a program with a window
 * has no stderr. The same sentence is the last line of koe.log in the settings folder.
 *
 * Returns a text that is yours: koe_free. NULL: nothing has failed yet, or there is no memory. Never
 * blocks, and starts nothing. No core: works. Since level 2.
 */
KOE_API char *koe_last_error(void);

/* ------------------------------------------------------------------------------------------------
 * Engines of the shell
 * ---------------------------------------------------------------------------------------------- */

/* A function of such an engine; a table of them ends with one whose name is NULL. */
typedef struct KoeLocalEngine {
    const char *function;    /* its name, as the core would look it up, such as "koe_mlx_stop" */
    void (*address)(void); /* where it is, whatever its type is */
} KoeLocalEngine;

/*
 * koe_register_local_engine - say where the functions of an engine are.
 *
 * For "apple-speech" and "mlx", whose recognition comes with the shell. Without it the core looks their
 * functions up by name in the process, and a linker that strips what is not called, or hides it,
 * has taken them away. A function that is not in the table is looked up by name as before.
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
 * name: the value of asr.provider. functions: the table, which is copied; NULL to forget the one from
 * before, as a new one does too. The functions must stay where they are: sessions that have begun use them
 * to their end.
 *
 * Returns 0, or -1: name is NULL or empty, or there is no room or no memory. Never blocks, and starts nothing.
 * No core: works. Since level 3.
 */
KOE_API int32_t koe_register_local_engine(const char *name, const KoeLocalEngine *functions);

#ifdef __cplusplus
}
#endif

#endif /* KOE_EXTRA_H */
