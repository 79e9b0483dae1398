use std::path::PathBuf;

/// The jobs that the builds of all agents share: a pool of tokens in a named pipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildJobs {
    /// How many there are.
    pub jobs: u32,
    /// The pipe; its path has nothing in it that a tool would take apart.
    pub pipe: PathBuf,
    /// Whether `make` is told, too.
    pub for_make: bool,
}

const AUTH: &str = "--jobserver-auth=fifo:";

impl BuildJobs {
    /// The variable that cargo and rustc read.
    pub const CARGO: &str = "CARGO_MAKEFLAGS";

    /// The variables by which build tools know of the pool.
    pub fn vars(&self) -> Vec<(&'static str, String)> {
        let flags = format!("-j{} {AUTH}{}", self.jobs, self.pipe.display());
        let for_make = self.for_make.then(|| ("MAKEFLAGS", format!(" {flags}")));
        std::iter::once((Self::CARGO, flags)).chain(for_make).collect()
    }

    /// The pipe of which such a variable tells.
    pub fn pipe_in(flags: &str) -> Option<PathBuf> {
        let found = flags.split(' ').find_map(|flag| flag.strip_prefix(AUTH))?;
        Some(PathBuf::from(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_are_those_that_build_tools_read() {
        let jobs = BuildJobs { jobs: 8, pipe: PathBuf::from("/tmp/pool-1"), for_make: true };
        let cargo = ("CARGO_MAKEFLAGS", "-j8 --jobserver-auth=fifo:/tmp/pool-1".to_owned());
        let make = ("MAKEFLAGS", " -j8 --jobserver-auth=fifo:/tmp/pool-1".to_owned());
        assert_eq!(jobs.vars(), [cargo.clone(), make]);
        assert_eq!(BuildJobs { for_make: false, ..jobs.clone() }.vars(), [cargo]);
        assert_eq!(BuildJobs::pipe_in(&jobs.vars()[1].1), Some(jobs.pipe));
        assert_eq!(BuildJobs::pipe_in("-j8 --jobserver-auth=3,4"), None);
    }
}
