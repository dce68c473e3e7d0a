// cc dictate.c $(koe-config --cflags --libs) -o dictate
// ./dictate recording.pcm

#include <koe_core.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static uint8_t speech[200 * 32000]; // seconds of 16 kHz, mono, 16 bits
static int ended[2];                // a pipe, because callbacks come from another thread

static void end(char status) { if (write(ended[1], &status, 1) < 0) perror("dictate"); }
static void show(uint64_t token, const char *text) { (void)token; puts(text); end(0); }
static void complain(uint64_t token, const char *why) { (void)token; fprintf(stderr, "%s\n", why); }
static void follow(uint64_t token, const char *state) {
    (void)token; // "failed" comes after an error, "idle" where nothing was said
    if (strcmp(state, "failed") == 0 || strcmp(state, "idle") == 0) end(1);
}

int main(int argc, char **argv) {
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    uint32_t size = file ? (uint32_t)fread(speech, 1, sizeof speech, file) : 0;
    char status = 1;
    sp_core_register_callbacks((SPCallbacks){.on_final_text_ready = show, .on_session_error = complain,
        .on_session_warning = complain, .on_state_changed = follow});
    if (size && pipe(ended) == 0 && sp_core_create(NULL) == 0 && // which says why not, on stderr
        sp_core_session_begin((SPSessionContext){.mode = HOLD}) == 0) {
        sp_core_push_audio(speech, size, 0); // a shell pushes what the microphone gives, as it comes
        if (sp_core_session_end() != 0 || read(ended[0], &status, 1) != 1) status = 1;
    }
    sp_core_destroy();
    return status;
}
