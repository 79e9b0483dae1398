//! Ports for the servers that tasks start: a block for each attempt, so that two of them don't want the same one.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::RangeInclusive;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

/// So many ports are in a block.
pub(super) const SIZE: u16 = 20;
/// The first port of the first block. Below those that the system gives to whoever asks for any.
const FIRST: u16 = 20_000;
/// So many blocks there are: up to port 31,999.
const BLOCKS: u16 = 600;

/// An attempt's ports.
#[derive(Debug)]
pub(in crate::run) struct PortBlock {
    base: u16,
    /// Nobody else on this machine gets the block as long as this is open: a name that the kernel gives once, and takes back when we end.
    _claim: Option<UnixListener>,
}

impl PortBlock {
    /// The first of them.
    pub(in crate::run) fn base(&self) -> u16 {
        self.base
    }

    /// All of them.
    pub(in crate::run) fn ports(&self) -> RangeInclusive<u16> {
        self.base..=self.base.saturating_add(SIZE - 1)
    }

    /// The block that an earlier run gave to an attempt that goes on.
    pub(in crate::run) fn given(base: u16) -> Self {
        Self { base, _claim: claim(base).ok() }
    }

    /// The variable by which an agent knows of it.
    pub(in crate::run) fn variable(&self) -> (OsString, OsString) {
        ("BLUEPRINT_PORT_BASE".into(), self.base.to_string().into())
    }
}

/// Who gives blocks to attempts.
#[derive(Debug)]
pub(in crate::run) struct Ports {
    next: u16,
}

impl Default for Ports {
    /// Not from the first one on: another user's run is not seen by its claim everywhere.
    fn default() -> Self {
        Self { next: fastrand::u16(..BLOCKS) }
    }
}

impl Ports {
    /// The next block of which every port is free at the moment; nothing, if there is none.
    pub(in crate::run) fn claim(&mut self) -> Option<PortBlock> {
        (0..BLOCKS).find_map(|_| {
            let base = FIRST + self.next * SIZE;
            // Not the same one again soon: its ports may still be closing.
            self.next = (self.next + 1) % BLOCKS;
            let claim = match claim(base) {
                Ok(claim) => Some(claim),
                Err(ErrorKind::AddrInUse) => return None,
                // Where such names are not to be had, looking at the ports must do.
                Err(_) => None,
            };
            is_free(base).then_some(PortBlock { base, _claim: claim })
        })
    }
}

fn claim(base: u16) -> Result<UnixListener, ErrorKind> {
    let name = SocketAddr::from_abstract_name(format!("blueprint-ports-{base}"));
    name.and_then(|name| UnixListener::bind_addr(&name)).map_err(|error| error.kind())
}

fn is_free(base: u16) -> bool {
    (base..base + SIZE).all(|port| TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_are_held_are_disjoint_whoever_gives_them() {
        let (mut one, mut other) = (Ports { next: 7 }, Ports { next: 7 });
        let blocks: Vec<_> = (0..4).flat_map(|_| [one.claim().unwrap(), other.claim().unwrap()]).collect();
        let mut bases: Vec<_> = blocks.iter().map(PortBlock::base).collect();
        bases.sort_unstable();
        assert!(bases.windows(2).all(|pair| pair[1] - pair[0] >= SIZE), "{bases:?}");
    }

    #[test]
    fn a_block_with_a_port_that_somebody_uses_is_passed_over() {
        let mut ports = Ports { next: 40 };
        let free = ports.claim().unwrap().base();
        let used = TcpListener::bind((Ipv4Addr::LOCALHOST, free + 3)).unwrap();
        ports.next = (free - FIRST) / SIZE;
        assert_ne!(ports.claim().unwrap().base(), free);
        drop(used);
    }

    #[test]
    fn a_block_that_is_given_back_is_to_be_had_again() {
        let mut ports = Ports { next: 80 };
        let base = ports.claim().unwrap().base();
        ports.next = (base - FIRST) / SIZE;
        assert_eq!(ports.claim().unwrap().base(), base);
    }

    #[test]
    fn the_last_port_of_the_last_block_is_one() {
        assert!(FIRST.checked_add(BLOCKS * SIZE).is_some_and(|end| end <= 32_768));
    }
}
