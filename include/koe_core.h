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
 * signatures. One library can serve only one of them, so each is built apart, and KOE_ABI selects
 * the declarations. The header and the library must be of one generation; nothing at run time
 * can tell that they are not.
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
 * also from inside any callback, but not from a signal handler; none can deadlock. Where two threads
 * begin, end or cancel sessions at once, one call comes after the other, whole. There is one core
 * per process. After a fork() without exec() only the parent may go on using it: in the child, every
 * function answers as where the runtime could not be started (see NO CORE), for good. A process that
 * forks before its first call is free to use it in the child. A host that is Python itself calls
 * without holding the GIL, as ctypes and cffi do.
 *
 * Callbacks come from a thread that belongs to the library, never from yours, with one exception
 * that sp_core_rewrite_with_template names; it need not be the same one each time. The library holds
 * no lock during a callback, but what follows has to wait for it: copy the string, post it to your
 * main thread, return. No exception and no longjmp may leave a callback.
 *
 * sp_core_push_audio is made for audio threads. All the others may wait for the disk or for the
 * start of the runtime and belong elsewhere, on threads with 256 KiB of stack or more, the
 * sp_core_get_*_config trio excepted.
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
 * Structs cross by value. The library keeps no pointer of yours except the callbacks.
 *
 *
 * NO CORE
 *
 * "No core" means before the first successful sp_core_create, or after sp_core_destroy. Every
 * function may be called then; each says below what it answers.
 *
 * The first function that needs the runtime starts it. If that fails, one line says why, on stderr, in
 * koe.log and by on_log_event, and from then on every function that returns a status returns -1, also those that otherwise
 * always return 0. The getters answer as with no core, sp_model_status, sp_core_download_model and
 * sp_core_cancel_download too, and functions that return a string say that there is nothing.
 *
 *
 * FILES
 *
 * Settings are in $HOME/.koe (HOME unset: /tmp/.koe), on Windows in %APPDATA%\koe; the main one is
 * config.yaml. The library logs to stderr and, for programs that have none, to koe.log in that folder,
 * at most 1 MB of it and as much again in koe.log.1: errors and warnings, but no keys and nothing that
 * was said. It leaves signal handlers, locale, working directory,
 * umask and standard streams as the program has them.
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

/* ------------------------------------------------------------------------------------------------
 * Sessions
 *
 * A session is one dictation, from sp_core_session_begin to its last callback. What it says, in
 * order, with "recording_*" for recording_hold or recording_toggle, "[...]" for what comes only
 * with correction enabled, and "~" for any number of on_interim_text (generations 2 and 3):
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
 *   The engine is lost, also before it was connected, or does not answer: it is tried again, while
 *   the user speaks and for some seconds after sp_core_session_end, then the engines of asr.fallback.
 *   The session goes on meanwhile as if nothing had happened; a warning comes when a fall-back takes
 *   over, and when the tries last. If no engine can be had:
 *     all    some text was heard: warning that its end may be missing, and after the end of the
 *            recording as above: the text that was heard
 *     all    none was heard: [state finalizing_asr,] error, state failed   no idle follows
 *
 *   The error comes at once where more tries would be in vain, such as a refused key. What the shell
 *   pushes after it, until it ends or cancels the session, is still recorded for the history.
 *
 *   Cancelled, at any point before preparing_paste:
 *     2, 3   state cancelled, state idle
 *
 * A failed connection in generation 1 goes from connecting_asr to the error: that generation
 * connects before it records, the others record while they connect.
 *
 * A warning can come anywhere before the final text or, where there is none, before the last state.
 * The callbacks of one session never overlap. Those of two sessions can, which is what the token is
 * for. The first callbacks can arrive before sp_core_session_begin has returned.
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
    uint64_t session_token; /* your name for the session: every callback about it carries it. Any
                               value will do; make each one new, so that late callbacks of an older
                               session can be recognised and ignored */
#endif
} SPSessionContext;

/*
 * The events of sessions. Any member may be NULL: that event is then skipped and nothing else
 * changes. "THREADS" and "STRINGS AND MEMORY" above hold for each of them.
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
   * on_session_warning: something did not go as wished, and the session goes on: correction failed
   *   and the text comes as recognised, audio was dropped (see sp_core_push_audio), or an engine
   *   was lost (see above). The message says what the user can do.
   *
   * on_final_text_ready: the text to paste. At most once. In generation 3 it is the last callback
   *   of the session.
   *
   * on_log_event: what the library also writes to stderr and to koe.log. level: 0 an error, 1 a
   *   warning; later versions may have 2, information, and 3, for developers. The message is a
   *   sentence for people. It belongs to no session and carries no token; the calls come one at a time,
   *   a moment later, on a thread of their own, and may overlap with other callbacks. They may come from
   *   the moment of registering, also where sp_core_create fails, until sp_core_destroy.
   *
   * on_state_changed: what the session is doing, one of connecting_asr, recording_hold,
   *   recording_toggle, finalizing_asr, correcting, preparing_paste, completed, idle, cancelled,
   *   failed. These spellings do not change. Treat one that you do not know as "busy".
   *
   * on_interim_text: the whole transcript so far, replacing the one before; it may get shorter.
   *   Comes while recording and until the final result. The same text can come twice.
   *
   * on_asr_final_text: the text as recognised, with the terms of the dictionary and cleaned up:
   *   what is delivered if it is not corrected. Comes before the state "correcting", so that a
   *   shell can offer it meanwhile (see sp_core_accept_asr_result).
   *
   * on_rewrite_text_ready: the answer to sp_core_rewrite_with_template. It belongs to no session,
   *   but carries the token of the last one that had begun.
   *
   * on_session_result_meta: how the final text came about; directly before on_final_text_ready.
   *   asr_provider is the engine that recognised it: the configured one, or the fall-back that
   *   took over. llm_applied is true only if the final text is the
   *   language model's: false when correction was disabled, failed, was rejected or was skipped.
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
 * ModelStatusCallback: 0 started, first of all; then exactly one of 1 completed, 2 failed (message says
 *   why) and 3 cancelled, last of all.
 * ModelProgressCallback: file_index from 0, in the order of the manifest; bytes_total is 0 where the
 *   manifest does not say.
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
 * Starts the runtime if this process has none yet, writes the default files that are missing in the
 * settings folder, and loads the settings. Settings that cannot be read do not fail: the defaults
 * apply, and sp_core_reload_config reports them.
 *
 * config_path is ignored; pass NULL.
 *
 * Returns 0, or -1 if the runtime or the core could not be started; a core from before then
 * stays as it was. With a core already there, a new one takes its place as if sp_core_destroy had
 * come first.
 *
 * Blocks for the disk, and the first time for the start of the runtime. No network.
 */
KOE_API int32_t sp_core_create(const char *config_path);

/*
 * sp_core_destroy - stop the core.
 *
 * Drops a running session: it says "cancelled" and "idle", or nothing at all, and never delivers
 * text any more. Registered callbacks stay registered. The runtime stays loaded, so that a later
 * sp_core_create is quick.
 *
 * Returns within 2 seconds, whatever the core is doing. When it has returned no callback starts,
 * with one exception: where another thread's callback has been blocking for those 2 seconds, that
 * call is left to finish when it can.
 *
 * Inside a callback: allowed. It does not wait for the callback that it is called from, which is
 * the last one.
 *
 * Before the process exits: call it, and not only from inside a callback. Recognition runs on
 * threads of its own, and exit() tears down what it works with. Where a program forgets, or an
 * engine takes longer than the destroy, exit() itself waits for it: some seconds, or as long as it
 * computes on a machine that is busy, and a minute at the most. Until the first session is connected
 * it can do so only on a thread that has called sp_core_create; elsewhere such an exit may crash.
 *
 * No core: waits, within the same 2 seconds, for a core that is being destroyed on another thread
 * or was from inside a callback; otherwise does nothing.
 */
KOE_API void sp_core_destroy(void);

/*
 * sp_core_register_callbacks - say whom to call.
 *
 * Copies the struct, replacing the whole table. All-NULL unregisters. Call it before
 * sp_core_create, so that no event is missed; the table survives sp_core_destroy and
 * sp_core_create.
 *
 * Never blocks, hence a callback that was about to be called when the table changed can still be
 * called once. Keep the code behind the old pointers in place until sp_core_destroy has returned.
 *
 * No core: works.
 */
KOE_API void sp_core_register_callbacks(struct SPCallbacks callbacks);

/*
 * sp_core_reload_config - read the settings again.
 *
 * For a shell that saw the files change. (Each session begins with fresh settings anyway.) A
 * running session keeps the settings that it began with.
 *
 * Returns 0, or -1 if config.yaml is missing or cannot be read or parsed, or if connections to a
 * language model have to be replaced and cannot be; the settings then stay as they were, and a line on
 * stderr says why. Those connections are replaced where it is necessary, generation 2: always; a
 * request that is under way ends on the old one.
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
 * engine do not make it fail: they come as on_session_error.
 *
 * A session that is still running makes way. Generations 1 and 2: it ends as by
 * sp_core_session_end, and its text is still delivered, between the callbacks of the new session.
 * Generation 3: it is cancelled, and speaks with its own token to its end.
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
 * frame: len bytes of PCM, 16 kHz, mono, signed 16 bits, little-endian, no header. Usual is 6400
 * bytes, 200 ms. Any length; neither alignment nor an even length is needed: a sample may be split
 * between two frames. The bytes are copied; the buffer is yours again on return.
 * timestamp is ignored.
 *
 * For audio threads: it takes no lock, allocates nothing and waits for nothing, not for Python and
 * not for a callback. It copies into a buffer of 8 MiB (262 s of sound), which the core empties
 * many times a second.
 *
 * A frame that does not fit into what is free is dropped whole; the session counts it and says so
 * in on_session_warning.
 *
 * Returns -1 if frame is NULL or len is 0. Otherwise 0, also for a frame that is dropped, or
 * discarded because no session is recording: before a begin, after an end or cancel, after the
 * session ended by itself. At the turn of two sessions a frame goes to the one that is current at
 * that instant.
 *
 * No core: the same check, then 0.
 */
KOE_API int32_t sp_core_push_audio(const uint8_t *frame, uint32_t len, uint64_t timestamp);

/*
 * sp_core_session_end - the recording is over; now give me the text.
 *
 * Every frame pushed before this call is still recognised. Stop the capture and push what is left
 * of it first. Does not wait for recognition, only for a push or a begin that another thread is
 * in the midst of; the answer comes by callback.
 *
 * Returns 0, always: without a session, or a second time, it does nothing. No core: 0.
 */
KOE_API int32_t sp_core_session_end(void);

#if KOE_ABI >= 2
/*
 * sp_core_session_cancel - forget the session.
 *
 * Takes effect at once, whatever the session is doing until the state "preparing_paste": sound
 * that is waiting is thrown away, connections and requests are dropped, and the session says
 * "cancelled" and "idle". From "preparing_paste" on it is too late and the text comes. Does not
 * wait.
 *
 * Returns 0, always: without a session it does nothing. No core: 0.
 */
KOE_API int32_t sp_core_session_cancel(void);
#endif

#if KOE_ABI >= 3
/*
 * sp_core_accept_asr_result - the recognised text is good enough.
 *
 * Delivers the text as recognised instead of waiting for the language model: its request is
 * dropped, no warning is sent, llm_applied is false. Called before correction has begun, it is
 * remembered: the state "correcting" comes and ends at once. It does nothing where there is nothing
 * to skip.
 *
 * Returns 0 if a session was there to take it. -1 if none was: it has ended, was cancelled, or
 * never began; after a text, take it as "the final text is already on its way". No core: -1.
 */
KOE_API int32_t sp_core_accept_asr_result(void);
#endif

/* ------------------------------------------------------------------------------------------------
 * Settings
 *
 * As of the last sp_core_create, sp_core_reload_config or sp_core_session_begin. These only read
 * memory and may be called from anywhere, audio threads included.
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
 * These read and write config.yaml itself, at each call; they block for the disk. A core that runs
 * does not notice: call sp_core_reload_config after the last write. (Templates are the exception.)
 *
 * Every write keeps comments, order and unknown keys, is atomic and private to the user, and waits
 * for other writers, in this process and in others. What a failed one would have changed is as it
 * was, and one line on stderr says why. The content before the first write stays as
 * config.yaml.bak.
 *
 * All strings that come back are yours: sp_core_free_string. They are NULL only when there is no
 * memory. JSON is compact.
 *
 * No core: they work.
 * ---------------------------------------------------------------------------------------------- */

/*
 * sp_config_get - one setting as text.
 *
 * key_path: keys joined by dots, such as "asr.sherpa-onnx.model". A key that has a dot itself cannot
 * be reached, nor can an item of a list.
 *
 * Returns what stands in the file, without defaults and with ${NAME} as it is: text as it is,
 * true or false, numbers in their shortest form. "" for null, for a section or a list, for a
 * key that is not there, for NULL, and if the file is missing or cannot be read.
 */
KOE_API char *sp_config_get(const char *key_path);

/*
 * sp_config_get_json - one setting or section as JSON.
 *
 * As sp_config_get, but sections and lists come too, in file order, and null is null. "" if there
 * is nothing, and as above.
 */
KOE_API char *sp_config_get_json(const char *key_path);

/*
 * sp_config_set - store one setting.
 *
 * Sections and the file itself are created where they are missing; the folder is not. true, false and
 * whole numbers are stored as such, decimal numbers where the setting is one; everything else is
 * text, also a number that would lose digits.
 *
 * Returns 0, or -1: an argument is NULL, the file cannot be read, parsed or written, or the value
 * cannot be put there without disturbing something else.
 */
KOE_API int32_t sp_config_set(const char *key_path, const char *value);

/*
 * sp_config_resolved_trigger_key - hotkey.trigger_key in its canonical spelling.
 *
 * Such as "fn", "right_command", "122" or "command+shift+49". "fn" if the settings cannot be loaded.
 */
KOE_API char *sp_config_resolved_trigger_key(void);

/*
 * sp_core_get_prompt_templates_json - the templates that the core goes by.
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
 * Returns 0, or -1 if that does not hold, or as sp_config_set.
 */
KOE_API int32_t sp_core_set_prompt_templates_json(const char *json_str);

/*
 * sp_llm_profiles_json - how language models are reached.
 *
 * {"active_profile": id, "profiles": {id: profile}}. Each profile has "name", "provider",
 * "api_protocol", "base_url", "api_key", "model", "endpoint_path", "max_token_parameter",
 * "no_reasoning_control" and "mlx": {"model"}. Without profiles in the file, those that are built
 * in. ${NAME} is substituted: the result may hold secrets. If the file cannot be read there are no
 * profiles, and "error" says why.
 */
KOE_API char *sp_llm_profiles_json(void);

/*
 * sp_llm_save_profiles_json - replace the profiles and the choice of one.
 *
 * Takes what sp_llm_profiles_json gives. A value that came from ${NAME} and comes back unchanged
 * stays ${NAME} in the file. A profile may leave keys out; the active one need not exist.
 *
 * Returns 0, or -1 if the JSON is not of that shape, or as sp_config_set.
 */
KOE_API int32_t sp_llm_save_profiles_json(const char *profiles_json);

/*
 * sp_core_supported_local_providers, sp_core_supported_llm_providers - what can be chosen here.
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
 * template_index: into the array of sp_core_get_prompt_templates_json, from 0; templates that are
 * not enabled count.
 *
 * Does not wait. The result comes by on_rewrite_text_ready with the token of the last
 * sp_core_session_begin; if the model fails, after a warning, it is the text as it was. A text that is
 * blank comes back at once, on this thread, before the function returns. Several rewrites may run
 * at a time; nothing but sp_core_destroy ends them early.
 *
 * Returns 0, or -1 with no callback: asr_text is NULL, there is no such template, or it has no
 * prompt. No core: -1.
 */
KOE_API int32_t sp_core_rewrite_with_template(int32_t template_index, const char *asr_text);

/*
 * sp_llm_test_profile_json, sp_llm_test - have a model correct a sample sentence.
 *
 * profile_json: one profile of sp_llm_profiles_json with its "id"; it need not be saved. All but
 * "api_protocol" and "endpoint_path" is required. sp_llm_test is for servers that speak OpenAI's
 * chat protocol; max_token_param: "max_tokens", or anything else for max_completion_tokens; NULL
 * counts as "".
 *
 * Returns {"elapsed_ms", "message", "success"}: yours, sp_core_free_string. The message is for
 * people.
 *
 * Blocks for the network, for llm.timeout_ms at the longest: call it from a thread that nothing
 * waits for. Everything but the profile is as on disk.
 *
 * No core, or inside a callback: works, over a connection of its own. While another thread is inside
 * a callback too, after a second.
 */
KOE_API char *sp_llm_test_profile_json(const char *profile_json);
KOE_API char *sp_llm_test(const char *base_url, const char *api_key, const char *model,
                  const char *max_token_param);

/*
 * sp_llm_list_models_for_profile_json, sp_llm_list_models_json - which models a server has.
 *
 * Returns {"message", "models", "success"}, where "models" is an array of their names. Else as
 * sp_llm_test_profile_json and sp_llm_test.
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
 * sp_core_scan_models_json - the models that are described, downloaded or not.
 *
 * An array, by path, of {"description", "mode", "path", "provider", "repo", "status", "total_size"};
 * "status" as sp_model_status with mode 1. Only those that can be used in this build. Yours:
 * sp_core_free_string. No core: works.
 */
KOE_API char *sp_core_scan_models_json(void);

/*
 * sp_model_status - whether the files of a model are there.
 *
 * mode: 1 goes by what is known and is quick; 2 reads all files anew; anything else reads those
 * that changed. Returns 0 not installed, 1 incomplete, 2 installed. NULL: 0. No core: works.
 */
KOE_API int32_t sp_model_status(const char *model_path, int32_t mode);

/*
 * sp_core_download_model - fetch the files of a model.
 *
 * Does not wait. Files that are complete are not fetched again, and partial ones are continued.
 * ctx comes with every callback.
 *
 * Returns 0: exactly one final status will come, at the latest with sp_core_destroy (3). -1: this
 * path is being downloaded already. -2: an argument is NULL, or there is no core. After -1 and -2
 * no callback comes.
 */
KOE_API int32_t sp_core_download_model(const char *model_path, ModelProgressCallback progress_cb,
                               ModelStatusCallback status_cb, void *ctx);

/*
 * sp_core_cancel_download - stop a download.
 *
 * model_path as it was given at the start. Returns 1 if there is one, and status 3 follows; else 0.
 */
KOE_API int32_t sp_core_cancel_download(const char *model_path);

/*
 * sp_core_remove_model_files - delete what a manifest lists, and parts of it.
 *
 * The manifest stays, so that the model can be fetched again. Returns how many files were
 * deleted, or -1: there is no manifest, or it names something outside of the folder. No core: works.
 */
KOE_API int32_t sp_core_remove_model_files(const char *model_path);

/* ------------------------------------------------------------------------------------------------
 * Memory
 * ---------------------------------------------------------------------------------------------- */

/*
 * sp_core_free_string - release a char * that a function of this library returned.
 *
 * Exactly once for each, from any thread; never with free(). Strings passed to callbacks are not
 * yours to release. NULL does nothing. No core: works.
 */
KOE_API void sp_core_free_string(char *s);
#endif

#ifdef __cplusplus
}
#endif

#endif /* KOE_CORE_H */
