//! The terminal that is written to, if there is one.

/// Its columns and rows, by standard output; nothing where that is no terminal, or one that can't move its cursor.
pub(super) fn size() -> Option<(u16, u16)> {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    let size = terminal_size::terminal_size_of(std::io::stdout()).filter(|_| !is_dumb)?;
    let (columns, rows) = (size.0.0, size.1.0);
    (columns > 0 && rows > 1).then_some((columns, rows))
}
