/* What programs in Rust need of bcryptprimitives.dll, which Wine 8 does not have. */
#include <windows.h>

#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(unsigned char *data, SIZE_T size) {
    return RtlGenRandom(data, (ULONG)size);
}
