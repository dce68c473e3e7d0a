/*
 * The settings of Windows on x86-64 for Python's headers. Python for Windows has its own file; this one is for
 * headers of another system, when the library is compiled there (koe bundle --target windows-x86_64).
 */
#pragma once

#define MS_WIN32
#define MS_WIN64
#define MS_WINDOWS
#define NT_THREADS
#define WITH_THREAD

#define SIZEOF_SHORT 2
#define SIZEOF_INT 4
#define SIZEOF_LONG 4
#define SIZEOF_LONG_LONG 8
#define SIZEOF_FLOAT 4
#define SIZEOF_DOUBLE 8
#define SIZEOF_VOID_P 8
#define SIZEOF_SIZE_T 8
#define SIZEOF_WCHAR_T 2
#define SIZEOF_TIME_T 8
#define SIZEOF_PID_T 8
#define ALIGNOF_MAX_ALIGN_T 8
#define NATIVE_TSS_KEY_T unsigned long
#define PLATLIBDIR "DLLs"

#define HAVE_ERRNO_H 1
#define HAVE_SYS_STAT_H 1
#define HAVE_SYS_TYPES_H 1
#define HAVE_STDDEF_H 1
#define HAVE_WCHAR_H 1
#define HAVE_DECLSPEC_DLL 1
