//! The exports of a component: as generated, but for what size and fuel forbid.
//!
//! The generated code that writes a step into memory is 47 kB, and was in every plugin twice: `start` and `resume`
//! return the same type. Here a `start` enters by the door of `resume`, with a state and an event that nobody looks at,
//! so that there is one copy. And nothing is freed after a call, since the instance ends with it: the generated
//! functions that walk through a result to free it are replaced by ones that do nothing.
//!
//! The generated macro names its functions by a path to the bindings. The modules below stand at that path and shadow
//! what they replace.
#![allow(unsafe_code, missing_docs, reason = "the exports of a component are raw functions")]

pub mod exports {
    pub mod acquit {
        pub mod terminal {
            pub use crate::bindings::exports::acquit::terminal::*;

            pub mod acquirer {
                pub use crate::bindings::exports::acquit::terminal::acquirer::*;
                pub use crate::exports::{
                    nothing as __post_return_describe, nothing as __post_return_resume, nothing as __post_return_start,
                    resume as _export_resume_cabi, start as _export_start_cabi,
                };
            }

            pub mod inspector {
                pub use crate::bindings::exports::acquit::terminal::inspector::*;
                pub use crate::exports::nothing as __post_return_read;
            }

            pub mod retry_policy {
                pub use crate::bindings::exports::acquit::terminal::retry_policy::*;
                pub use crate::exports::{nothing as __post_return_decide, nothing as __post_return_wait};
            }
        }
    }
}

use core::marker::PhantomData;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::bindings::exports::acquit::terminal::acquirer::{self, Guest};
use crate::prelude::{Context, Descriptor, Event, Fault, Operation, Step};

/// Arguments of `start` as the terminal wrote them, by the canonical ABI: context and operation. Those of `resume`
/// begin alike. A wrong figure here fails every test that runs a plugin.
const START_BYTES: usize = 320;
/// Arguments of `resume` in words of 8 bytes: context, operation, state (an address and a length), event (a number of
/// its case, in the lowest byte, and what the case holds).
const RESUME_WORDS: usize = 44;
const STATE_WORD: usize = START_BYTES / 8;
const EVENT_WORD: usize = STATE_WORD + 1;
/// No bytes at an address that is not null.
const NO_STATE: u64 = 1;
/// The number of [`Event::Woke`], which holds nothing.
const WOKE: u64 = 1;

/// Whether the call under way is a `start`.
static IS_START: AtomicBool = AtomicBool::new(false);

/// A guest whose `resume` is both.
struct Either<T>(PhantomData<T>);

impl<T: Guest> Guest for Either<T> {
    fn describe() -> Descriptor {
        T::describe()
    }

    fn start(context: Context, operation: Operation) -> Result<Step, Fault> {
        T::start(context, operation)
    }

    fn resume(context: Context, operation: Operation, state: Vec<u8>, event: Event) -> Result<Step, Fault> {
        if IS_START.load(Ordering::Relaxed) {
            T::start(context, operation)
        } else {
            T::resume(context, operation, state, event)
        }
    }
}

/// The export `start`.
///
/// # Safety
/// `arguments` are those of `start`.
pub unsafe fn start<T: Guest>(arguments: *mut u8) -> *mut u8 {
    let mut words = Box::new([0; RESUME_WORDS]);
    words[STATE_WORD] = NO_STATE;
    words[EVENT_WORD] = WOKE;
    let words: *mut u8 = Box::into_raw(words).cast();
    IS_START.store(true, Ordering::Relaxed);
    // SAFETY: the caller's arguments are START_BYTES long and fit in the words, which are new. What follows them is a
    // state and an event, so that all together are arguments of `resume`, aligned as those are.
    unsafe {
        core::ptr::copy_nonoverlapping(arguments, words, START_BYTES);
        acquirer::_export_resume_cabi::<Either<T>>(words)
    }
}

/// The export `resume`.
///
/// # Safety
/// `arguments` are those of `resume`.
pub unsafe fn resume<T: Guest>(arguments: *mut u8) -> *mut u8 {
    IS_START.store(false, Ordering::Relaxed);
    // SAFETY: the caller's.
    unsafe { acquirer::_export_resume_cabi::<Either<T>>(arguments) }
}

/// What is done with a result that the terminal has read.
///
/// # Safety
/// None is needed; it is called as the functions it stands for.
pub unsafe fn nothing<T>(_result: *mut u8) {}
