// rustc --edition 2021 -O dictate.rs -C link-args="$(koe-config --libs)"
// ./dictate recording.pcm

use std::ffi::{c_char, c_int, CStr};
use std::sync::{Condvar, Mutex};

type Said = Option<extern "C" fn(u64, *const c_char)>;

#[repr(C)] // struct SPCallbacks of generation c; the members are pointers, and None is NULL
struct Callbacks(usize, Said, Said, Said, usize, Said, [usize; 4]);
#[repr(C)] // struct SPSessionContext
struct Context(c_int, *const c_char, c_int, u64);

extern "C" {
    fn sp_core_register_callbacks(callbacks: Callbacks);
    fn sp_core_create(config_path: *const c_char) -> i32;
    fn sp_core_session_begin(context: Context) -> i32;
    fn sp_core_push_audio(frame: *const u8, size: u32, timestamp: u64) -> i32;
    fn sp_core_session_end() -> i32;
    fn sp_core_destroy();
}

static STATUS: Mutex<Option<i32>> = Mutex::new(None);
static ENDED: Condvar = Condvar::new();

fn end(status: i32) { *STATUS.lock().unwrap() = Some(status); ENDED.notify_one(); }
fn read(text: *const c_char) -> String { unsafe { CStr::from_ptr(text) }.to_string_lossy().into() }
extern "C" fn show(_token: u64, text: *const c_char) { println!("{}", read(text)); end(0); }
extern "C" fn complain(_token: u64, why: *const c_char) { eprintln!("{}", read(why)); }
extern "C" fn follow(_token: u64, state: *const c_char) {
    // "failed" comes after an error, "idle" where nothing was said.
    if ["failed", "idle"].contains(&read(state).as_str()) { end(1); }
}

fn main() {
    let speech = std::env::args().nth(1).and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
    let mut status = 1;
    unsafe {
        sp_core_register_callbacks(Callbacks(0, Some(complain), Some(complain), Some(show), 0, Some(follow), [0; 4]));
        let context = Context(0, std::ptr::null(), 0, 0);
        if !speech.is_empty() && sp_core_create(std::ptr::null()) == 0 && sp_core_session_begin(context) == 0 {
            sp_core_push_audio(speech.as_ptr(), speech.len() as u32, 0);
            if sp_core_session_end() == 0 {
                status = ENDED.wait_while(STATUS.lock().unwrap(), |status| status.is_none()).unwrap().unwrap();
            }
        }
        sp_core_destroy();
    }
    std::process::exit(status);
}
