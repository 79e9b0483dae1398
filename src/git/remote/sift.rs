//! Which parts of a push a remote does not take: a hook that refuses one ref refuses all that comes with it, and seldom says which one it was.

use super::{Move, RemoteError};

/// A move that the remote refuses even by itself, and why, in its own words.
pub type Refusal = (Move, String);

/// Makes all of the moves but those that are refused, by `push`, which makes all that it is given or nothing: halves and halves of halves.
///
/// # Errors
/// Anything but a refusal.
pub fn sift<E>(
    moves: &[Move],
    push: &mut impl FnMut(&[Move]) -> Result<(), E>,
    refused: &impl Fn(&E) -> Option<String>,
) -> Result<Vec<Refusal>, E> {
    let error = match push(moves) {
        Ok(()) => return Ok(Vec::new()),
        Err(error) => error,
    };
    match (refused(&error), moves) {
        (None, _) | (Some(_), []) => Err(error),
        (Some(said), [one]) => Ok(vec![(one.clone(), said)]),
        (Some(_), several) => {
            let (some, others) = several.split_at(several.len() / 2);
            let mut found = sift(some, push, refused)?;
            found.extend(sift(others, push, refused)?);
            Ok(found)
        }
    }
}

impl RemoteError {
    /// What the remote says, if it does not want what is pushed.
    pub fn refusal(&self) -> Option<String> {
        match self {
            Self::Refused { said, .. } => Some(said.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Oid;

    fn moves(names: &[&str]) -> Vec<Move> {
        let oid = Oid::from_str(&"1".repeat(40)).unwrap();
        names.iter().map(|name| Move::create(*name, oid)).collect()
    }

    #[test]
    fn all_is_pushed_but_what_is_refused_by_itself() {
        let mut there = Vec::new();
        let mut push = |some: &[Move]| {
            if some.iter().any(|each| each.name.contains('x')) {
                return Err("no".to_owned());
            }
            there.extend(some.iter().map(|each| each.name.clone()));
            Ok(())
        };
        let found = sift(&moves(&["a", "x1", "b", "c", "x2"]), &mut push, &|why| Some(why.clone())).unwrap();
        let names: Vec<_> = found.iter().map(|(each, _)| &*each.name).collect();
        assert_eq!((names, there), (vec!["x1", "x2"], ["a", "b", "c"].map(str::to_owned).to_vec()));
    }

    #[test]
    fn what_is_no_refusal_ends_it() {
        let mut push = |_: &[Move]| Err("the network is away".to_owned());
        assert!(sift(&moves(&["a", "b"]), &mut push, &|_| None).is_err());
        assert!(sift(&[], &mut push, &|why| Some(why.clone())).is_err());
    }
}
