/*
 * A bundle contains a list of its files, manifest.txt:
 *
 *     koe-core 0.1.0               the version
 *     - lib/python3.11             a folder
 *     1234 lib/python3.11/os.pyc   a file, and its size in bytes
 *     end
 *
 * Checking all files takes a millisecond or two, and a missing file is noticed when the shell starts,
 * not during a dictation.
 */
#include "bundle.h"

#include <stdlib.h>
#include <string.h>

#define MANIFEST "manifest.txt"
#define REMEDY "copy the whole bundle again"
#define END "end"

static bool check_version(const char *line, const char *home, char sentence[KOE_SENTENCE_SIZE]) {
    static const char name[] = "koe-core ";
    if (strncmp(line, name, sizeof name - 1) != 0) {
        snprintf(sentence, KOE_SENTENCE_SIZE, "%.300s is not whole: " MANIFEST " is damaged; " REMEDY, home);
        return false;
    }
    const char *version = line + sizeof name - 1;
    if (strcmp(version, KOE_VERSION) == 0)
        return true;
    snprintf(sentence, KOE_SENTENCE_SIZE,
             "%.300s is for koe %.40s, but the library is koe " KOE_VERSION
             "; copy both from the same bundle",
             home, version);
    return false;
}

static bool check_entry(const char *line, const char *home, char sentence[KOE_SENTENCE_SIZE]) {
    char path[KOE_PATH_SIZE];
    char *name;
    bool is_directory = line[0] == '-';
    long long size = is_directory ? 0 : strtoll(line, &name, 10);
    if (is_directory)
        name = (char *)line + 1;
    if (*name != ' ' || !koe_join(path, home, name + 1)) {
        snprintf(sentence, KOE_SENTENCE_SIZE, "%.300s is not whole: " MANIFEST " is damaged; " REMEDY, home);
        return false;
    }
    koe_file file = koe_examine(path);
    if (!file.exists || file.is_directory != is_directory)
        snprintf(sentence, KOE_SENTENCE_SIZE, "%.200s is not whole: %.150s is missing; " REMEDY, home, name + 1);
    else if (!file.is_readable)
        snprintf(sentence, KOE_SENTENCE_SIZE,
                 "this user can't read %.350s; give all users that right (chmod -R a+rX)", path);
    else if (file.why_untrusted)
        snprintf(sentence, KOE_SENTENCE_SIZE, "%.350s is not used: %s", path, file.why_untrusted);
    else if (!is_directory && file.size != size)
        snprintf(sentence, KOE_SENTENCE_SIZE,
                 "%.200s is not whole: %.150s has %lld bytes instead of %lld; " REMEDY, home, name + 1,
                 file.size, size);
    else
        return true;
    return false;
}

/* Read the list to its end mark; a list without an end mark is incomplete. */
static bool check_entries(FILE *manifest, const char *home, char sentence[KOE_SENTENCE_SIZE]) {
    char line[KOE_PATH_SIZE];
    for (int number = 0; fgets(line, sizeof line, manifest); number++) {
        line[strcspn(line, "\r\n")] = '\0';
        if (number > 0 && strcmp(line, END) == 0)
            return true;
        if (!(number == 0 ? check_version : check_entry)(line, home, sentence))
            return false;
    }
    snprintf(sentence, KOE_SENTENCE_SIZE, "%.300s is not whole: the end of " MANIFEST " is missing; " REMEDY,
             home);
    return false;
}

bool koe_check_bundle(const char *home, char sentence[KOE_SENTENCE_SIZE]) {
    char path[KOE_PATH_SIZE];
    koe_file folder = koe_examine(home);
    if (!folder.is_readable) {
        snprintf(sentence, KOE_SENTENCE_SIZE,
                 "this user can't read %.350s; give all users that right (chmod -R a+rX)", home);
        return false;
    }
    if (folder.why_untrusted) {
        snprintf(sentence, KOE_SENTENCE_SIZE, "%.350s is not used: %s", home, folder.why_untrusted);
        return false;
    }
    FILE *manifest = koe_join(path, home, MANIFEST) ? koe_open_text(path) : NULL;
    /* The manifest decides which files are checked, so no other user may be able to change it. */
    const char *why_untrusted = manifest ? koe_examine(path).why_untrusted : NULL;
    if (why_untrusted) {
        snprintf(sentence, KOE_SENTENCE_SIZE, "%.350s is not used: %s", path, why_untrusted);
        fclose(manifest);
        return false;
    }
    if (!manifest) {
        snprintf(sentence, KOE_SENTENCE_SIZE, "%.300s is not whole: " MANIFEST " can't be read; " REMEDY, home);
        return false;
    }
    bool is_good = check_entries(manifest, home, sentence);
    fclose(manifest);
    return is_good;
}
