/*
 * host - a shell that obeys commands, one a line, and answers each with one line of
 * JSON. All times are in seconds.
 *
 *     create                   sp_core_create
 *     start                    sp_core_create, and at once a first session until it is ready
 *     begin COUNT              so many sessions, each cancelled once it is ready
 *     dictate real|fast FILE   a session over a file of raw PCM, as fast as a person would have
 *                              spoken it, or at once
 *     python CODE              run it in the core's interpreter
 *
 * It says "{}" once it runs. Who measures its memory can do so between two commands.
 */
#include "host.h"

enum { LINE_BYTES = 8192, COMMAND_LIMIT_S = 150, BEGIN_LIMIT = 1000 };

static void print_string(const char *text) {
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') printf("\\%c", *text);
        else if ((unsigned char)*text < ' ') printf("\\u%04x", *text);
        else putchar(*text);
    }
    putchar('"');
}

static void cancel(void) {
    wait_for(&session.ready_at);
    sp_core_session_cancel();
    wait_for(&session.over_at);
}

static void do_create(void) {
    double called_at = now();
    create();
    printf("{\"create_s\": %.6f}", now() - called_at);
}

static void do_start(void) {
    double called_at = now();
    create();
    double created_at = now();
    begin();
    double begun_at = now();
    double ready_at = wait_for(&session.ready_at);
    cancel();
    printf("{\"create_s\": %.6f, \"begun_s\": %.6f, \"ready_s\": %.6f}", created_at - called_at,
           begun_at - called_at, ready_at - called_at);
}

static void do_begin(int count) {
    static double durations[BEGIN_LIMIT];
    if (count > BEGIN_LIMIT) die("too many sessions");
    for (int i = 0; i < count; i++) {
        double called_at = begin();
        durations[i] = now() - called_at;
        cancel();
    }
    printf("{");
    print_list("begin_s", durations, count);
    printf("}");
}

static void do_dictate(bool fast, const char *path) {
    FILE *in = fopen(path, "rb");
    if (!in) die(path);
    clock_t cpu = clock(); /* of all threads of the process */
    double start = begin();
    uint8_t frame[FRAME_BYTES];
    size_t size, pushed = 0;
    while ((size = fread(frame, 1, sizeof frame, in)) > 0) {
        pushed += size;
        /* A frame can be pushed once its last sample was spoken. */
        if (!fast) sleep_until(start + (double)pushed / BYTES_PER_SECOND);
        sp_core_push_audio(frame, (uint32_t)size, 0);
    }
    fclose(in);
    double ended_at = now();
    sp_core_session_end();
    double over_at = wait_for(&session.over_at);
    cpu = clock() - cpu;
    printf("{\"audio_s\": %.6f, \"wall_s\": %.6f, \"cpu_s\": %.6f, \"end_to_text_s\": %.6f, "
           "\"text\": ",
           (double)pushed / BYTES_PER_SECOND, over_at - start, (double)cpu / CLOCKS_PER_SEC,
           over_at - ended_at);
    print_string(session.text ? session.text : "");
    printf("}");
}

static void obey(const char *line) {
    int count;
    if (strcmp(line, "create") == 0) {
        do_create();
    } else if (strcmp(line, "start") == 0) {
        do_start();
    } else if (sscanf(line, "begin %d", &count) == 1) {
        do_begin(count);
    } else if (strncmp(line, "dictate real ", 13) == 0) {
        do_dictate(false, line + 13);
    } else if (strncmp(line, "dictate fast ", 13) == 0) {
        do_dictate(true, line + 13);
    } else if (strncmp(line, "python ", 7) == 0) {
        run_python(line + 7);
        printf("{}");
    } else {
        die("this is no command");
    }
    putchar('\n');
    fflush(stdout);
}

int main(void) {
    static char line[LINE_BYTES];
    puts("{}");
    fflush(stdout);
    for (;;) {
        alarm(0);
        if (!fgets(line, sizeof line, stdin)) break;
        line[strcspn(line, "\n")] = '\0';
        alarm(COMMAND_LIMIT_S); /* so that a library that hangs ends the host */
        obey(line);
    }
    sp_core_destroy();
    return 0;
}
