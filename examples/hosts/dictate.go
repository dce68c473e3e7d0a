// CGO_CFLAGS="$(koe-config --cflags)" CGO_LDFLAGS="$(koe-config --libs)" go build dictate.go
// ./dictate recording.pcm

package main

/*
#include <koe_core.h>
void show(uint64_t token, char *text);
void complain(uint64_t token, char *why);
void follow(uint64_t token, char *state);
*/
import "C"

import (
	"fmt"
	"os"
)

var ended = make(chan int, 1)

//export show
func show(token C.uint64_t, text *C.char) { fmt.Println(C.GoString(text)); ended <- 0 }

//export complain
func complain(token C.uint64_t, why *C.char) { fmt.Fprintln(os.Stderr, C.GoString(why)) }

//export follow
func follow(token C.uint64_t, state *C.char) {
	switch C.GoString(state) { // "failed" comes after an error, "idle" where nothing was said
	case "failed", "idle":
		ended <- 1
	}
}

func dictate(speech []byte) int {
	C.sp_core_register_callbacks(C.SPCallbacks{on_final_text_ready: (*[0]byte)(C.show), on_session_error: (*[0]byte)(C.complain),
		on_session_warning: (*[0]byte)(C.complain), on_state_changed: (*[0]byte)(C.follow)})
	defer C.sp_core_destroy()
	if len(speech) == 0 || C.sp_core_create(nil) != 0 || C.sp_core_session_begin(C.SPSessionContext{}) != 0 {
		return 1
	}
	C.sp_core_push_audio((*C.uint8_t)(&speech[0]), C.uint32_t(len(speech)), 0)
	if C.sp_core_session_end() != 0 {
		return 1
	}
	return <-ended
}

func main() {
	speech, _ := os.ReadFile(append(os.Args, "")[1])
	os.Exit(dictate(speech))
}
