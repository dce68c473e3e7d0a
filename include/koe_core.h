/*
 * koe_core.h - dictation: audio in, corrected text out.
 *
 * SYNOPSIS
 *
 *   sp_core_register_callbacks(callbacks);     once, at start
 *   sp_core_create(NULL);
 *
 *   sp_core_session_begin(context);            the key goes down
 *   sp_core_push_audio(frame, bytes, 0);       ... from the audio thread
 *   sp_core_session_end();                     the key comes up
 *                                              -> on_final_text_ready: paste it
 *   sp_core_destroy();                         once, at exit
 *
 * examples/c/dictate.c is a complete program.
 *
 *
 * THREE GENERATIONS
 *
 * Shells of three ages use the same function names with different structs and callback
 * signatures. One library can serve only one of them, so there is a library for each, and KOE_ABI
 * selects the declarations. The header and the library must be of the same generation; a mismatch
 * cannot be detected at run time.
 *
 *   KOE_ABI 1   9 functions; callbacks carry no token; macOS and Windows shells
 *   KOE_ABI 2   adds sp_core_session_cancel, on_interim_text and a cancel hotkey
 *   KOE_ABI 3   adds session tokens, the recognised text, result metadata and clipboard settings;
 *               a success ends with the text, not with a state
 *
 * Choose generation 3 for anything new.
 *
 *
 * THREADS
 *
 * Every function may be called from any thread, at any time, concurrently with any other, and
 * also from inside any callback, but not from a signal handler; none can deadlock. Calls that
 * begin, end or cancel sessions on two threads at once are executed one after the other. There is
 * one core per process. After a fork() without exec() only the parent may continue to use it: in
 * the child, every function permanently answers as if the runtime could not be started (see NO
 * CORE). A process that forks before its first call may use the library in the child. A host that
 * is itself Python calls without holding the GIL, as ctypes and cffi do.
 *
 * Callbacks are made on a thread of the library, never on yours, with one exception that is
 * described at sp_core_rewrite_with_template; it need not be the same thread each time. The library
 * holds no lock during a callback, but later events have to wait for its return: copy the string,
 * post it to your main thread, return. No exception and no longjmp may leave a callback.
 *
 * sp_core_push_audio is made for audio threads. All other functions, except the three functions
 * sp_core_get_*_config, may wait for the disk or for the start of the runtime: call them on other
 * threads, with 256 KiB of stack or more.
 *
 *
 * STRINGS AND MEMORY
 *
 * Into the library: NUL-terminated UTF-8, copied before the function returns; you keep yours.
 * Bytes that are not valid UTF-8 count as NULL.
 *
 * Into a callback: never NULL, always valid UTF-8 without NUL bytes inside (they are removed).
 * The string lives until the callback returns, belongs to the library, and has no length limit.
 *
 * Structs are passed by value. The library keeps none of your pointers except the callbacks.
 *
 *
 * NO CORE
 *
 * "No core" means before the first successful sp_core_create, or after sp_core_destroy. Every
 * function may be called in this state; its description says what it returns then.
 *
 * The first function that needs the runtime starts it. If that fails, one line with the reason goes
 * to stderr, to koe.log and to on_log_event, and from then on every function that returns a status
 * returns -1, also those that otherwise always return 0. The getters answer as with no core, and so
 * do sp_model_status, sp_core_download_model and sp_core_cancel_download; functions that return a
 * string return an empty result.
 *
 * FILES
 *
 * Settings are in $HOME/.koe (HOME unset: /tmp/.koe), on Windows in %APPDATA%\koe; the main one is
 * config.yaml. The library logs to stderr and, for programs without stderr, to koe.log in that
 * folder, with at most 1 MB there and as much again in koe.log.1: errors and warnings, but no keys
 * and no dictated text. It does not change the program's signal handlers, locale, working
 * directory, umask and standard streams.
 */
#ifndef KOE_CORE_H
#define KOE_CORE_H

#include <stdbool.h>
#include <stdint.h>

#ifndef KOE_ABI
#define KOE_ABI 3
#endif

#if KOE_ABI < 1 || KOE_ABI > 3
#error "KOE_ABI must be 1, 2 or 3"
#endif

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

/* ------------------------------------------------------------------------------------------------
 * Sessions
 *
 * A session is one dictation, from sp_core_session_begin to its last callback. Its callbacks, in
 * order, with "recording_*" for recording_hold or recording_toggle, "[...]" for those that come
 * only with correction enabled, and "~" for any number of on_interim_text (generations 2 and 3):
 *
 *   Text:
 *     1  state connecting_asr, state recording_*, ready, state finalizing_asr, [state correcting,]
 *        state preparing_paste, final_text, state completed, state idle
 *     2  state recording_*, ready, ~, state finalizing_asr, ~, [state correcting,]
 *        state preparing_paste, final_text, state completed, state idle
 *     3  state recording_*, ready, ~, state finalizing_asr, ~, asr_final_text, [state correcting,]
 *        state preparing_paste, session_result_meta, final_text            and nothing after it
 *
 *   Nothing was said (no text, or only white space), after finalizing_asr:
 *     1, 2   error "no speech recognized", state failed
 *     3      state idle
 *
 *   The engine is lost, even before it was connected, or does not answer: it is retried while the
 *   user speaks and for some seconds after sp_core_session_end; then the engines of asr.fallback
 *   are tried. Meanwhile the session goes on as if nothing had happened; a warning comes when a
 *   fall-back takes over, and when the retries take long. If no engine is available:
 *     all    some text was heard: warning that its end may be missing, and after the end of the
 *            recording the callbacks above, with the text that was heard
 *     all    no text was heard: [state finalizing_asr,] error, state failed   no idle follows
 *
 *   The error comes at once if a retry would fail in the same way, as after a refused key. Audio
 *   that is pushed after it, until the shell ends or cancels the session, is still recorded for the
 *   history.
 *
 *   Cancelled, at any point before preparing_paste:
 *     2, 3   state cancelled, state idle
 *
 * A failed connection in generation 1 goes from connecting_asr to the error: that generation
 * connects before it records, the others record while they connect.
 *
 * A warning can come anywhere before the final text or, if there is none, before the last state.
 * The callbacks of one session never overlap. Those of two sessions can; use the token to tell them
 * apart. The first callbacks can arrive before sp_core_session_begin has returned.
 * ---------------------------------------------------------------------------------------------- */

/*
 * How the user records. It selects the state recording_hold or recording_toggle and nothing else.
 * Any other value counts as HOLD.
 */
typedef enum SPSessionMode {
    HOLD = 0,  /* while a key is held down */
    TOGGLE = 1 /* from one press to the next */
} SPSessionMode;

typedef struct SPSessionContext {
    enum SPSessionMode mode;
    const char *frontmost_bundle_id; /* where the text will go; ignored; may be NULL */
    int frontmost_pid;               /* its process; ignored */
#if KOE_ABI >= 3
    uint64_t session_token; /* your identifier of the session, which all its callbacks carry. Any
                               value is valid; use a new one each time, so that late callbacks of an
                               older session can be recognised and ignored */
#endif
} SPSessionContext;

/*
 * The events of sessions. Any member may be NULL: then that event is skipped, and nothing else
 * changes. The rules under THREADS and under STRINGS AND MEMORY apply to all of them.
 */
typedef struct SPCallbacks {
#if KOE_ABI >= 3
    void (*on_session_ready)(uint64_t token);
    void (*on_session_error)(uint64_t token, const char *message);
    void (*on_session_warning)(uint64_t token, const char *message);
    void (*on_final_text_ready)(uint64_t token, const char *text);
    void (*on_log_event)(int level, const char *message);
    void (*on_state_changed)(uint64_t token, const char *state);
    void (*on_interim_text)(uint64_t token, const char *text);
    void (*on_asr_final_text)(uint64_t token, const char *text);
    void (*on_rewrite_text_ready)(uint64_t token, const char *text);
    void (*on_session_result_meta)(uint64_t token, const char *asr_text, const char *asr_provider,
                                   bool llm_applied);
#else
    void (*on_session_ready)(void);
    void (*on_session_error)(const char *message);
    void (*on_session_warning)(const char *message);
    void (*on_final_text_ready)(const char *text);
    void (*on_log_event)(int level, const char *message);
    void (*on_state_changed)(const char *state);
#if KOE_ABI >= 2
    void (*on_interim_text)(const char *text);
#endif
#endif
    /*
   * on_session_ready: speak now. Generation 1: recognition is connected. 2 and 3: the session is
   *   accepted and its audio is kept; the connection follows.
   *
   * on_session_error: the session failed. The message is a sentence for the user; do not parse it.
   *   At most once, and the next callback is the state "failed".
   *
   * on_session_warning: something failed, but the session goes on: correction failed and the text
   *   is delivered as recognised, audio was dropped (see sp_core_push_audio), or an engine was lost
   *   (see above). The message says what the user can do.
   *
   * on_final_text_ready: the text to paste. At most once. In generation 3 it is the last callback
   *   of the session.
   *
   * on_log_event: a message that the library also writes to stderr and to koe.log. level: 0 an
   *   error, 1 a warning; later versions may add 2, information, and 3, for developers. The message
   *   is a sentence for people. It belongs to no session and carries no token; the calls come one
   *   at a time, a moment later, on a separate thread, and may overlap with other callbacks. They
   *   may come as soon as callbacks are registered, even if sp_core_create fails, until
   *   sp_core_destroy.
   *
   * on_state_changed: what the session is doing, one of connecting_asr, recording_hold,
   *   recording_toggle, finalizing_asr, correcting, preparing_paste, completed, idle, cancelled,
   *   failed. These spellings do not change. Treat an unknown one as "busy".
   *
   * on_interim_text: the whole transcript so far, replacing the one before; it may get shorter.
   *   Comes while recording and until the final result. The same text can come twice.
   *
   * on_asr_final_text: the text as recognised, with the terms of the dictionary and cleaned up;
   *   it is delivered if there is no correction. It comes before the state "correcting", so that a
   *   shell can offer it meanwhile (see sp_core_accept_asr_result).
   *
   * on_rewrite_text_ready: the answer to sp_core_rewrite_with_template. It belongs to no session,
   *   but carries the token of the last one that had begun.
   *
   * on_session_result_meta: the origin of the final text; directly before on_final_text_ready.
   *   asr_provider is the engine that recognised it: the configured one, or the fall-back that
   *   took over. llm_applied is true only if the final text is from the language model; it is false
   *   if correction was disabled, failed, was rejected or was skipped.
   */
} SPCallbacks;

/* ------------------------------------------------------------------------------------------------
 * Settings that shells read from the core
 * ---------------------------------------------------------------------------------------------- */

/* Which sounds to play. */
typedef struct SPFeedbackConfig {
    bool start_sound;
    bool stop_sound;
    bool error_sound;
#if KOE_ABI >= 3
    bool mute_system_output; /* mute everything else while recording */
#endif
} SPFeedbackConfig;

#if KOE_ABI >= 3
#define DEFAULT_CLIPBOARD_RESTORE_DELAY_MS 1500
#define MAX_CLIPBOARD_RESTORE_DELAY_MS 60000

typedef struct SPClipboardConfig {
    uint32_t restore_delay_ms; /* from pasting to restoring the user's clipboard, at most MAX_... */
} SPClipboardConfig;
#endif

/*
 * The keys to watch. Key codes and modifier flags are those of macOS, in generation 1 on Windows
 * virtual-key codes. "alt" is a second code that the same key may report, 0 if there is none.
 */
#if KOE_ABI == 1
typedef struct SPHotkeyConfig {
    uint16_t key_code;
    uint16_t alt_key_code;
    uint64_t modifier_flag; /* 0 on Windows */
} SPHotkeyConfig;
#elif KOE_ABI == 2
typedef struct SPHotkeyConfig {
    uint16_t trigger_key_code;
    uint16_t trigger_alt_key_code;
    uint64_t trigger_modifier_flag;
    uint16_t cancel_key_code; /* never the trigger key */
    uint16_t cancel_alt_key_code;
    uint64_t cancel_modifier_flag;
} SPHotkeyConfig;
#else
typedef struct SPHotkeyConfig {
    uint16_t trigger_key_code;
    uint16_t trigger_alt_key_code;
    uint64_t trigger_modifier_flag; /* kind 0: the flag that the key itself sets; kind 1: those that
                                       must be down with it, 0 for none */
    uint8_t trigger_match_kind;     /* 0 a modifier key such as fn; 1 a key code */
    uint8_t trigger_mode;           /* 0 hold, 1 toggle, 2 double tap */
} SPHotkeyConfig;
#endif

#if KOE_ABI >= 3
/*
 * The callbacks of sp_core_download_model, from a thread of that download, one at a time.
 *
 * ModelStatusCallback: 0 started, as the first; then, as the last, exactly one of 1 completed,
 *   2 failed (message gives the reason) and 3 cancelled.
 * ModelProgressCallback: file_index from 0, in the order of the manifest; bytes_total is 0 if the
 *   manifest does not give it.
 */
typedef void (*ModelProgressCallback)(void *ctx, uint32_t file_index, uint32_t file_count,
                                      uint64_t bytes_downloaded, uint64_t bytes_total,
                                      const char *filename);
typedef void (*ModelStatusCallback)(void *ctx, int32_t status, const char *message);
#endif

/* ------------------------------------------------------------------------------------------------
 * The core
 * ---------------------------------------------------------------------------------------------- */

/*
 * sp_core_create - start the core.
 *
 * Starts the runtime if it is not running in this process, writes the missing default files to the
 * settings folder, and loads the settings. Unreadable settings are not a failure: the defaults
 * apply, and sp_core_reload_config reports the problem.
 *
 * config_path is ignored; pass NULL.
 *
 * Returns 0, or -1 if the runtime or the core could not be started; an existing core then stays
 * as it was. On success a new core replaces an existing one as if sp_core_destroy had been called
 * first.
 *
 * Blocks for the disk, and the first time for the start of the runtime. Does not use the network.
 */
KOE_API int32_t sp_core_create(const char *config_path);

/*
 * sp_core_destroy - stop the core.
 *
 * Drops a running session: it reports "cancelled" and "idle", or nothing at all, and never delivers
 * text any more. Registered callbacks stay registered. The runtime stays loaded, so that a later
 * sp_core_create is quick.
 *
 * Returns within 2 seconds, regardless of what the core is doing. After its return no callback
 * starts, with one exception: if a callback on another thread has been blocking for those 2
 * seconds, that call finishes when it can.
 *
 * Inside a callback: allowed. It does not wait for the callback that it is called from, which is
 * the last one.
 *
 * Before the process exits: call it, and not only from inside a callback. Recognition runs on
 * separate threads, and exit() tears down the libraries that they use. If a program does not call
 * it, or an engine takes longer than the destroy, exit() itself waits for the engine: some seconds,
 * or as long as it computes on a busy machine, but at most a minute. Until the first session is
 * connected it can do so only on a thread that has called sp_core_create; on another one such an
 * exit may crash.
 *
 * No core: waits, within the same 2 seconds, for a core that is being destroyed on another thread
 * or was destroyed inside a callback; otherwise does nothing.
 */
KOE_API void sp_core_destroy(void);

/*
 * sp_core_register_callbacks - set the functions to call.
 *
 * Copies the struct, replacing the whole table. All-NULL unregisters. Call it before
 * sp_core_create, so that no event is missed; the table survives sp_core_destroy and
 * sp_core_create.
 *
 * Never blocks, so a callback that was about to be called when the table changed can still be
 * called once. Keep the code of the old callbacks in place until sp_core_destroy has returned.
 *
 * No core: works.
 */
KOE_API void sp_core_register_callbacks(struct SPCallbacks callbacks);

/*
 * sp_core_reload_config - read the settings again.
 *
 * For a shell that has noticed a change of the files. (Each session begins with fresh settings
 * anyway.) A running session keeps the settings that it began with.
 *
 * Returns 0, or -1 if config.yaml is missing or cannot be read or parsed, or if connections to a
 * language model have to be replaced and cannot be; the settings then stay as they were, and a line
 * on stderr gives the reason. Those connections are replaced if necessary, in generation 2 always;
 * a request in progress ends on the old one.
 *
 * Blocks for the disk.
 *
 * No core: reads and checks config.yaml, returns 0 or -1, and keeps nothing.
 */
KOE_API int32_t sp_core_reload_config(void);

/* ------------------------------------------------------------------------------------------------
 * One dictation
 * ---------------------------------------------------------------------------------------------- */

/*
 * sp_core_session_begin - start a session.
 *
 * From here on sp_core_push_audio feeds this session. Bad settings, missing keys or an unknown
 * engine do not make it fail: they are reported by on_session_error.
 *
 * A session that is still running is replaced. Generations 1 and 2: it ends as by
 * sp_core_session_end, and its text is still delivered, between the callbacks of the new session.
 * Generation 3: it is cancelled, and its callbacks carry its own token to the end.
 *
 * Returns 0. Blocks for the disk (it reads the settings again), never for the network: when it
 * returns, the sp_core_get_*_config functions answer with the settings of this session.
 *
 * No core: -1, and no callbacks.
 */
KOE_API int32_t sp_core_session_begin(struct SPSessionContext context);

/*
 * sp_core_push_audio - hand over recorded sound.
 *
 * frame: len bytes of PCM, 16 kHz, mono, signed 16 bits, little-endian, no header. Usual are 6400
 * bytes, 200 ms. Any length; neither alignment nor an even length is needed: a sample may be split
 * between two frames. The bytes are copied; after the return the buffer is yours again.
 * timestamp is ignored.
 *
 * For audio threads: it takes no lock, allocates no memory and waits for nothing, neither for
 * Python nor for a callback. It copies into a buffer of 8 MiB (262 s of sound), which the core
 * empties many times a second.
 *
 * A frame that does not fit into the free space is dropped as a whole; the session counts it and
 * reports it by on_session_warning.
 *
 * Returns -1 if frame is NULL or len is 0. Otherwise 0, also for a frame that is dropped, or
 * discarded because no session is recording: before a begin, after an end or cancel, after the
 * session ended by itself. When one session follows another, a frame goes to the one that is
 * current at that instant.
 *
 * No core: the same check, then 0.
 */
KOE_API int32_t sp_core_push_audio(const uint8_t *frame, uint32_t len, uint64_t timestamp);

/*
 * sp_core_session_end - end the recording, and request the text.
 *
 * Every frame pushed before this call is still recognised. Stop the capture and push the remaining
 * frames first. Does not wait for recognition, only for a push or a begin that is in progress on
 * another thread; the result comes by callback.
 *
 * Returns 0, always: without a session, or a second time, it does nothing. No core: 0.
 */
KOE_API int32_t sp_core_session_end(void);

#if KOE_ABI >= 2
/*
 * sp_core_session_cancel - drop the session.
 *
 * Takes effect at once, in every phase of the session until the state "preparing_paste": waiting
 * sound is discarded, connections and requests are dropped, and the session reports "cancelled"
 * and "idle". From "preparing_paste" on it is too late, and the text is delivered. Does not
 * wait.
 *
 * Returns 0, always: without a session it does nothing. No core: 0.
 */
KOE_API int32_t sp_core_session_cancel(void);
#endif

#if KOE_ABI >= 3
/*
 * sp_core_accept_asr_result - deliver the recognised text without waiting for correction.
 *
 * Delivers the text as recognised instead of waiting for the language model: its request is
 * dropped, no warning is sent, llm_applied is false. If it is called before correction has begun,
 * it is remembered: the state "correcting" comes and ends at once. It does nothing if there is
 * nothing to skip.
 *
 * Returns 0 if there was a session to accept it. -1 if there was none: it has ended, was cancelled,
 * or never began; after a text, this means "the final text is already on its way". No core: -1.
 */
KOE_API int32_t sp_core_accept_asr_result(void);
#endif

/* ------------------------------------------------------------------------------------------------
 * Settings
 *
 * The settings of the last sp_core_create, sp_core_reload_config or sp_core_session_begin. These
 * functions only read memory and may be called on any thread, audio threads included.
 * ---------------------------------------------------------------------------------------------- */

/* No core: generation 1 all true, generations 2 and 3 all false. */
KOE_API struct SPFeedbackConfig sp_core_get_feedback_config(void);

#if KOE_ABI >= 3
/* No core: DEFAULT_CLIPBOARD_RESTORE_DELAY_MS. */
KOE_API struct SPClipboardConfig sp_core_get_clipboard_config(void);
#endif

/*
 * No core: the fn key, {63, 179, 0x800000}; generation 1 on Windows the right control key,
 * {0xA3, 0, 0}; generation 2 with {58, 0, 0x20}, the left option key, to cancel; generation 3 with
 * kind 0 and mode 0.
 */
KOE_API struct SPHotkeyConfig sp_core_get_hotkey_config(void);

#if KOE_ABI >= 3
/* ------------------------------------------------------------------------------------------------
 * Settings windows
 *
 * These functions read and write config.yaml itself, at each call; they block for the disk. A
 * running core does not notice changes: call sp_core_reload_config after the last write. (Templates
 * are the exception.)
 *
 * Every write keeps comments, order and unknown keys, is atomic and private to the user, and waits
 * for other writers, in this process and in others. A failed write changes nothing, and one line on
 * stderr gives the reason. The content before the first write stays as
 * config.yaml.bak.
 *
 * All returned strings are yours: release them with sp_core_free_string. They are NULL only if
 * there is not enough memory. JSON is compact.
 *
 * No core: they work.
 * ---------------------------------------------------------------------------------------------- */

/*
 * sp_config_get - one setting as text.
 *
 * key_path: keys joined by dots, such as "asr.sherpa-onnx.model". A key that contains a dot cannot
 * be reached, nor can an item of a list.
 *
 * Returns the value in the file, without defaults and with ${NAME} as written: text unchanged,
 * true or false, numbers in their shortest form. "" for null, for a section or a list, for a
 * missing key, for NULL, and if the file is missing or cannot be read.
 */
KOE_API char *sp_config_get(const char *key_path);

/*
 * sp_config_get_json - one setting or section as JSON.
 *
 * As sp_config_get, but sections and lists are returned too, in file order, and null is null. "" if
 * there is no value, for NULL, and if the file is missing or cannot be read.
 */
KOE_API char *sp_config_get_json(const char *key_path);

/*
 * sp_config_set - store one setting.
 *
 * Missing sections and a missing file are created; a missing folder is not. true, false and
 * whole numbers are stored as such, decimal numbers if the setting is one; everything else is
 * text, also a number that would lose digits.
 *
 * Returns 0, or -1: an argument is NULL, the file cannot be read, parsed or written, or the value
 * cannot be stored there without affecting something else.
 */
KOE_API int32_t sp_config_set(const char *key_path, const char *value);

/*
 * sp_config_resolved_trigger_key - hotkey.trigger_key in its canonical spelling.
 *
 * Such as "fn", "right_command", "122" or "command+shift+49". "fn" if the settings cannot be loaded.
 */
KOE_API char *sp_config_resolved_trigger_key(void);

/*
 * sp_core_get_prompt_templates_json - the templates that the core uses.
 *
 * An array, in file order, of {"name", "enabled", "shortcut", "system_prompt",
 * "system_prompt_path"}; the last two can be null. No core: "[]".
 */
KOE_API char *sp_core_get_prompt_templates_json(void);

/*
 * sp_core_set_prompt_templates_json - replace the templates, in the file and in the core.
 *
 * "name" and "shortcut" are required. At most 9 templates, each with a shortcut of its own from
 * 1 to 9 and with a prompt that is not blank, inline or in its file.
 *
 * Returns 0, or -1 if these rules are broken, or for the reasons of sp_config_set.
 */
KOE_API int32_t sp_core_set_prompt_templates_json(const char *json_str);

/*
 * sp_llm_profiles_json - the profiles with which language models are reached.
 *
 * {"active_profile": id, "profiles": {id: profile}}. Each profile has "name", "provider",
 * "api_protocol", "base_url", "api_key", "model", "endpoint_path", "max_token_parameter",
 * "no_reasoning_control" and "mlx": {"model"}. Without profiles in the file, the built-in ones.
 * ${NAME} is substituted: the result may contain secrets. If the file cannot be read there are no
 * profiles, and "error" gives the reason.
 */
KOE_API char *sp_llm_profiles_json(void);

/*
 * sp_llm_save_profiles_json - replace the profiles and the choice of the active one.
 *
 * Takes the JSON of sp_llm_profiles_json. A value from ${NAME} that comes back unchanged
 * stays ${NAME} in the file. A profile may leave keys out; the active one need not exist.
 *
 * Returns 0, or -1 if the JSON does not have this form, or for the reasons of sp_config_set.
 */
KOE_API int32_t sp_llm_save_profiles_json(const char *profiles_json);

/*
 * sp_core_supported_local_providers, sp_core_supported_llm_providers - the supported providers.
 *
 * Arrays of texts: values of asr.provider that compute on this machine, and of a profile's
 * "provider". They do not change while the process runs.
 */
KOE_API char *sp_core_supported_local_providers(void);
KOE_API char *sp_core_supported_llm_providers(void);

/* ------------------------------------------------------------------------------------------------
 * Language models, outside of sessions
 * ---------------------------------------------------------------------------------------------- */

/*
 * sp_core_rewrite_with_template - rewrite a text.
 *
 * template_index: into the array of sp_core_get_prompt_templates_json, from 0; disabled templates
 * count.
 *
 * Does not wait. The result comes by on_rewrite_text_ready with the token of the last
 * sp_core_session_begin; if the model fails, it is the unchanged text, after a warning. A blank
 * text comes back at once, on this thread, before the function returns. Several rewrites may run
 * at the same time; only sp_core_destroy ends them early.
 *
 * Returns 0, or -1 with no callback: asr_text is NULL, there is no such template, or it has no
 * prompt. No core: -1.
 */
KOE_API int32_t sp_core_rewrite_with_template(int32_t template_index, const char *asr_text);

/*
 * sp_llm_test_profile_json, sp_llm_test - have a model correct a sample sentence.
 *
 * profile_json: one profile of sp_llm_profiles_json with its "id"; it need not be saved. All keys
 * except "api_protocol" and "endpoint_path" are required. sp_llm_test is for servers with OpenAI's
 * chat protocol; max_token_param: "max_tokens", or anything else for max_completion_tokens; NULL
 * counts as "".
 *
 * Returns {"elapsed_ms", "message", "success"}; release it with sp_core_free_string. The message is
 * for people.
 *
 * Blocks for the network, at most for llm.timeout_ms: call it on a thread for which nothing
 * waits. All other settings are read from the disk.
 *
 * No core, or inside a callback: works, over a connection of its own. If another thread is inside
 * a callback too, it works after a second.
 */
KOE_API char *sp_llm_test_profile_json(const char *profile_json);
KOE_API char *sp_llm_test(const char *base_url, const char *api_key, const char *model,
                  const char *max_token_param);

/*
 * sp_llm_list_models_for_profile_json, sp_llm_list_models_json - list the models of a server.
 *
 * Returns {"message", "models", "success"}, where "models" is an array of their names. Otherwise
 * like sp_llm_test_profile_json and sp_llm_test.
 */
KOE_API char *sp_llm_list_models_for_profile_json(const char *profile_json);
KOE_API char *sp_llm_list_models_json(const char *base_url, const char *api_key);

/* ------------------------------------------------------------------------------------------------
 * Models
 *
 * A model is a folder with a manifest. Its path is relative to models/ in the settings folder, or
 * absolute.
 * ---------------------------------------------------------------------------------------------- */

/*
 * sp_core_scan_models_json - the models that have a manifest, downloaded or not.
 *
 * An array, by path, of {"description", "mode", "path", "provider", "repo", "status",
 * "total_size"}; "status" as sp_model_status with mode 1. Only models that this build can use.
 * Release it with sp_core_free_string. No core: works.
 */
KOE_API char *sp_core_scan_models_json(void);

/*
 * sp_model_status - whether the files of a model are installed.
 *
 * mode: 1 uses recorded results and is quick; 2 reads all files anew; anything else reads the files
 * that changed. Returns 0 not installed, 1 incomplete, 2 installed. NULL: 0. No core: works.
 */
KOE_API int32_t sp_model_status(const char *model_path, int32_t mode);

/*
 * sp_core_download_model - fetch the files of a model.
 *
 * Does not wait. Complete files are not fetched again, and partial ones are continued.
 * ctx is passed to every callback.
 *
 * Returns 0: exactly one final status will come, at the latest with sp_core_destroy (3). -1: this
 * path is being downloaded already. -2: an argument is NULL, or there is no core. After -1 and -2
 * there is no callback.
 */
KOE_API int32_t sp_core_download_model(const char *model_path, ModelProgressCallback progress_cb,
                               ModelStatusCallback status_cb, void *ctx);

/*
 * sp_core_cancel_download - stop a download.
 *
 * model_path as given at the start. Returns 1 if there is such a download, and status 3 follows;
 * else 0.
 */
KOE_API int32_t sp_core_cancel_download(const char *model_path);

/*
 * sp_core_remove_model_files - delete the files that a manifest lists, and partial downloads of
 * them.
 *
 * The manifest stays, so that the model can be fetched again. Returns the number of deleted
 * files, or -1: there is no manifest, or it names a file outside of the folder. No core: works.
 */
KOE_API int32_t sp_core_remove_model_files(const char *model_path);

/* ------------------------------------------------------------------------------------------------
 * Memory
 * ---------------------------------------------------------------------------------------------- */

/*
 * sp_core_free_string - release a char * that a function of this library returned.
 *
 * Exactly once for each, from any thread; never with free(). Strings passed to callbacks must not
 * be released. NULL does nothing. No core: works.
 */
KOE_API void sp_core_free_string(char *s);
#endif

#ifdef __cplusplus
}
#endif

#endif /* KOE_CORE_H */
