//! Arguments of agent programs' command lines.

/// The largest text (in bytes) that is given as an argument: the kernel ends one at 128 KiB, flag included.
pub(super) const MAX_ARGUMENT: usize = 120 * 1024;

/// Whether one of the arguments is this flag, with its value or without.
pub(super) fn mentions(args: &[String], flag: &str) -> bool {
    args.iter().any(|arg| arg.split('=').next() == Some(flag))
}

/// The first of `args` that is one of `ours`, which only we may set.
pub(super) fn reserved(args: &[String], ours: &[&str]) -> Option<String> {
    ours.iter().find(|flag| mentions(args, flag)).map(|flag| (*flag).to_owned())
}

/// The same, as texts of their own.
pub(super) fn owned(args: &[&str]) -> Vec<String> {
    args.iter().map(|arg| (*arg).to_owned()).collect()
}
