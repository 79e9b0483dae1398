//! What attempts use up, and what a run may use up: US dollars, and tokens.
//!
//! What is in flight counts. Each attempt that starts gets a share of what is left, and holds it until it ends: its own cap, else what attempts
//! of its agent cost on average so far, else (when none has ended yet) all that is left, so that it starts alone. What an attempt is known to
//! have used while it is under way counts where that is more than its share. An attempt starts only if its share still fits.
//!
//! Knows nothing of the schedule, nor of how an attempt is ended.

mod account;
mod averages;
mod meter;
mod prices;
mod purse;
mod used;

pub(super) use account::{Account, Fit, Opened};
pub(super) use averages::Player;
pub(super) use meter::Meter;
pub use prices::{Price, Prices};
pub use used::{Caps, Used};
