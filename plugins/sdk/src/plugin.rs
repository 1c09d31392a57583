//! The trait a plugin implements, and what wires it to the component's exports.

use core::marker::PhantomData;
use core::mem::ManuallyDrop;

use crate::bindings::exports::acquit::terminal::{acquirer, inspector, retry_policy};
use crate::prelude::{Context, Debt, Decision, Descriptor, Event, Fault, Field, Operation, Patience, Situation, Step};

/// An acquirer's protocol and its retry policy. No method keeps anything: each call runs in a fresh instance.
pub trait Plugin {
    /// What the plugin is and what it needs; called once, when it is loaded.
    fn describe() -> Descriptor;

    /// The first step of an operation.
    ///
    /// # Errors
    /// A [`Fault`] that says who is at fault: what is not supported, a parameter, or the plugin's own memory.
    fn start(context: &Context, operation: &Operation) -> Result<Step, Fault>;

    /// The step that follows an event, from the state the step before returned.
    ///
    /// # Errors
    /// [`Fault::Malformed`] where the acquirer's message cannot be read; [`Fault::Internal`] where the state does
    /// not fit the event.
    fn resume(context: &Context, operation: &Operation, state: &[u8], event: &Event) -> Result<Step, Fault>;

    /// What now, after a failed exchange. The terminal's safety rules stand above the answer.
    fn decide(context: &Context, situation: &Situation) -> Decision;

    /// When to try a debt again.
    fn wait(context: &Context, debt: &Debt) -> Patience;

    /// Names for the bytes of a masked frame.
    ///
    /// # Errors
    /// [`Fault::Malformed`] where the frame cannot be read.
    fn read(frame: &[u8]) -> Result<Vec<Field>, Fault>;
}

/// Carries a [`Plugin`] to the generated export traits; named by [`export_plugin!`](crate::export_plugin) only.
///
/// What a call was given is never dropped: the instance ends with the call and its arena frees nothing, and the
/// compiler cannot see that walking through every list to free it is for nothing.
#[derive(Debug)]
pub struct Export<P>(PhantomData<P>);

impl<P: Plugin> acquirer::Guest for Export<P> {
    fn describe() -> Descriptor {
        P::describe()
    }

    fn start(context: Context, operation: Operation) -> Result<Step, Fault> {
        let given = ManuallyDrop::new((context, operation));
        P::start(&given.0, &given.1)
    }

    fn resume(context: Context, operation: Operation, state: Vec<u8>, event: Event) -> Result<Step, Fault> {
        let given = ManuallyDrop::new((context, operation, state, event));
        P::resume(&given.0, &given.1, &given.2, &given.3)
    }
}

impl<P: Plugin> inspector::Guest for Export<P> {
    fn read(frame: Vec<u8>) -> Result<Vec<Field>, Fault> {
        P::read(&ManuallyDrop::new(frame))
    }
}

impl<P: Plugin> retry_policy::Guest for Export<P> {
    fn decide(context: Context, situation: Situation) -> Decision {
        let given = ManuallyDrop::new((context, situation));
        P::decide(&given.0, &given.1)
    }

    fn wait(context: Context, debt: Debt) -> Patience {
        let given = ManuallyDrop::new((context, debt));
        P::wait(&given.0, &given.1)
    }
}

/// Exports a [`Plugin`] from the component. Does nothing in a native build, whose linker knows no such exports.
///
/// ```ignore
/// sdk::export_plugin!(MyAcquirer);
/// ```
#[macro_export]
macro_rules! export_plugin {
    ($plugin:ident) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "the exports of a component are raw functions; generated")]
        mod exported {
            type Exported = $crate::Export<super::$plugin>;
            // The macro takes a path from which it goes on to `exports`.
            $crate::bindings::export_components!(Exported with_types_in $crate::exports);
        }
    };
}
