/* The function of bcryptprimitives.dll that programs in Rust need; Wine 8 lacks this library. */
#include <windows.h>

#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(unsigned char *data, SIZE_T size) {
    return RtlGenRandom(data, (ULONG)size);
}
