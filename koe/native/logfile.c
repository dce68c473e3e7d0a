/*
 * koe.log in the settings folder, readable only by the user. Written in C, because it is needed most when
 * Python can't start. It has at most MOST_BYTES; earlier lines are in koe.log.1.
 */
#include "log.h"
#include "seam.h"
#include "thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_BYTES 1000000
#define LINE_SIZE 2048
#define PATH_SIZE 4096

/* Held by the thread that writes the file or renames it. */
static koe_lock writing = KOE_LOCK_INIT;

#ifdef _WIN32

#define SEPARATOR "\\"

/* Write the path of the settings folder, the same as in koe.config.store; false if it is too long. */
static bool find_folder(char folder[PATH_SIZE]) {
    char *data = koe_getenv("APPDATA");
    int size = snprintf(folder, PATH_SIZE, "%s\\koe", data && *data ? data : "C:");
    free(data);
    return size > 0 && size < PATH_SIZE;
}

static bool widen(wchar_t wide[PATH_SIZE], const char *path) {
    return MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, PATH_SIZE) > 0;
}

static void create_folder(const char *folder) {
    wchar_t wide[PATH_SIZE];
    if (widen(wide, folder))
        CreateDirectoryW(wide, NULL);
}

/* Append to a file; false if that would make it too long. Files in the user's profile are private. */
static bool append(const char *path, const char *line, size_t size) {
    wchar_t wide[PATH_SIZE];
    if (!widen(wide, path))
        return true;
    HANDLE file = CreateFileW(wide, FILE_APPEND_DATA | FILE_READ_ATTRIBUTES,
                              FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    LARGE_INTEGER length = {0};
    DWORD written;
    if (file == INVALID_HANDLE_VALUE)
        return true;
    bool fits = !GetFileSizeEx(file, &length) || length.QuadPart + (LONGLONG)size <= MOST_BYTES;
    if (fits)
        WriteFile(file, line, (DWORD)size, &written, NULL);
    CloseHandle(file);
    return fits;
}

static void replace(const char *path, const char *older) {
    wchar_t from[PATH_SIZE], to[PATH_SIZE];
    if (widen(from, path) && widen(to, older))
        MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING);
}

static unsigned long process_number(void) {
    return GetCurrentProcessId();
}

static void write_time(char text[32]) {
    SYSTEMTIME now;
    GetSystemTime(&now);
    snprintf(text, 32, "%04d-%02d-%02dT%02d:%02d:%02dZ", now.wYear, now.wMonth, now.wDay, now.wHour,
             now.wMinute, now.wSecond);
}

#else

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEPARATOR "/"

/* Write the path of the settings folder, the same as in koe.config.store; false if it is too long. */
static bool find_folder(char folder[PATH_SIZE]) {
    const char *home = getenv("HOME");
    int size = snprintf(folder, PATH_SIZE, "%s/.koe", home && *home ? home : "/tmp");
    return size > 0 && size < PATH_SIZE;
}

static void create_folder(const char *folder) {
    mkdir(folder, 0700);
}

/* Append to a file; false if that would make it too long. Nothing is written to a link, a device, or
 * a file of another user, which may exist in /tmp. */
static bool append(const char *path, const char *line, size_t size) {
    bool fits = true;
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    struct stat status;
    if (file < 0)
        return true;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid()) {
        fits = status.st_size + (off_t)size <= MOST_BYTES;
        if (status.st_mode & 077)
            fchmod(file, 0600);
        if (fits && write(file, line, size) < 0)
            fits = true; /* a full disk: the line is lost */
    }
    close(file);
    return fits;
}

static void replace(const char *path, const char *older) {
    rename(path, older);
}

static unsigned long process_number(void) {
    return (unsigned long)getpid();
}

static void write_time(char text[32]) {
    time_t now = time(NULL);
    struct tm parts;
    if (!gmtime_r(&now, &parts) || strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        text[0] = '\0';
}

#endif

/* Write one line, without control characters; returns its size. A message that is too long is cut
 * between two characters. */
static size_t compose(char line[LINE_SIZE], int32_t level, const char *message) {
    static const char *const names[] = {"error", "warning", "info", "debug"};
    char now[32];
    write_time(now);
    int start = snprintf(line, LINE_SIZE, "%s [%lu] %s: ", now, process_number(),
                         level >= 0 && level < 4 ? names[level] : "?");
    size_t size = (size_t)start, left = strlen(message), most = LINE_SIZE - size - 1;
    if (left > most)
        for (left = most; left > 0 && ((unsigned char)message[left] & 0xC0) == 0x80;)
            left--;
    for (; left > 0; left--, message++)
        line[size++] = (unsigned char)*message < 0x20 || *message == 0x7F ? ' ' : *message;
    line[size++] = '\n';
    return size;
}

void koe_write_log(int32_t level, const char *message, bool make_folder) {
    char folder[PATH_SIZE], path[PATH_SIZE + 16], older[PATH_SIZE + 16], line[LINE_SIZE];
    if (!find_folder(folder))
        return;
    snprintf(path, sizeof path, "%s" SEPARATOR "koe.log", folder);
    snprintf(older, sizeof older, "%s" SEPARATOR "koe.log.1", folder);
    size_t size = compose(line, level, message);
    koe_acquire(&writing);
    if (make_folder)
        create_folder(folder);
    if (!append(path, line, size)) {
        replace(path, older);
        append(path, line, size);
    }
    koe_release(&writing);
}
