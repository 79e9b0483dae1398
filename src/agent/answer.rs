//! What an agent's last message says about how its task went.

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    A,
}
/// A
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorCode {
    A,
}
