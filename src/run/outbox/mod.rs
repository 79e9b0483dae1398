//! What an agent says by `blueprint task …` while its attempt is under way, by way of the folder `.blueprint` in its worktree: the one
//! place that every sandbox lets it write to.
//!
//! Each call leaves a request of its own in `.blueprint/requests`, whole or not at all, and waits for an answer of the same name in
//! `.blueprint/answers`. The run looks there a few times a second while the agent works (a folder that an agent may remove at any
//! moment can't be watched, and a look costs a few microseconds), and once more when it has ended. What it takes is in the journal before it
//! is answered, so that a request is taken once, whoever crashes when; what nobody was there to answer the next run takes.
//!
//! An agent can put into the folder whatever it likes: nothing is followed, opened or read there that is not a plain file of a bounded size.

mod folder;
mod leave;
mod message;
mod serve;

pub use leave::{LeaveError, Ticket, leave, own_folder};
pub use message::{ASKED, Answer, Claim, Remark, Request, Says};
pub(super) use serve::{Incoming, answer, look, to_be_watched};

use sha2::{Digest, Sha256};

/// The longest request, in bytes of its file.
pub(super) const LONGEST: u64 = 64 * 1024;

/// What is kept of a token, so that nobody learns it from our files.
pub(super) fn hash(token: &str) -> String {
    let digest = Sha256::digest(token);
    digest.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests;
