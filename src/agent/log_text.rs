//! Text of logs.
