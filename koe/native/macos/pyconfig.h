/*
 * The settings of macOS for Python's headers, on both processors. Python for macOS has its own file; this one is
 * for headers of another system, when the library is compiled there (koe bundle --target macos-arm64).
 */
#pragma once

#define WITH_THREAD 1

#define SIZEOF_SHORT 2
#define SIZEOF_INT 4
#define SIZEOF_LONG 8
#define SIZEOF_LONG_LONG 8
#define SIZEOF_FLOAT 4
#define SIZEOF_DOUBLE 8
#define SIZEOF_VOID_P 8
#define SIZEOF_SIZE_T 8
#define SIZEOF_WCHAR_T 4
#define SIZEOF_TIME_T 8
#define SIZEOF_PID_T 4
#define SIZEOF_PTHREAD_T 8
#define SIZEOF_PTHREAD_KEY_T 8
#define ALIGNOF_MAX_ALIGN_T 16
#define PTHREAD_KEY_T_IS_COMPATIBLE_WITH_INT 0
#define PLATLIBDIR "lib"

#define HAVE_ERRNO_H 1
#define HAVE_PTHREAD_H 1
#define HAVE_STDDEF_H 1
#define HAVE_SYS_STAT_H 1
#define HAVE_SYS_TIME_H 1
#define HAVE_SYS_TYPES_H 1
#define HAVE_UNISTD_H 1
#define HAVE_WCHAR_H 1
