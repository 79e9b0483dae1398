//! The `blueprint` program: all of it is in the library.

fn main() -> std::process::ExitCode {
    blueprint::cli::main()
}
