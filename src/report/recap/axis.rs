//! Time from left to right, in percent of the width: what is drawn so fits any width. Times in which nothing was done take no room.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Recap;

/// How wide a gap is drawn, in percent, whatever its length; less where there are many.
const GAP: f64 = 1.5;
/// What all gaps together may take, in percent.
const GAPS: f64 = 15.0;
/// A gap that is shorter than this share of the work is drawn as it is.
const SHORT: f64 = 0.05;
/// At most so many times are written below.
const LABELS: f64 = 6.0;
/// Between two of them, in seconds.
const STEPS: [i64; 18] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400];

/// When work was done, and where that is drawn.
#[derive(Debug)]
pub(super) struct Axis {
    pieces: Vec<Piece>,
    /// Of each second, in percent.
    scale: f64,
}

#[derive(Debug, Clone, Copy)]
struct Piece {
    from: f64,
    to: f64,
    left: f64,
}

/// A time that is written at the axis.
#[derive(Debug)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: String,
}

impl Axis {
    /// Over all attempts; nothing without any.
    pub(super) fn of(recap: &Recap) -> Option<Self> {
        let attempts = recap.tasks.iter().flat_map(|task| &task.attempts);
        let mut times: Vec<_> =
            attempts.map(|one| (seconds(one.began), seconds(one.ended.unwrap_or(recap.made)))).collect();
        times.sort_by(|one, other| one.0.total_cmp(&other.0));
        let pieces = joined(&times);
        (!pieces.is_empty()).then(|| Self::laid_out(&pieces))
    }

    fn laid_out(pieces: &[(f64, f64)]) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "nobody makes so many runs")]
        let gaps = pieces.len().saturating_sub(1) as f64;
        let gap = if gaps * GAP > GAPS { GAPS / gaps } else { GAP };
        let length: f64 = pieces.iter().map(|(from, to)| to - from).sum();
        let scale = (100.0 - gaps * gap) / length.max(0.001);
        let mut left = 0.0;
        let piece = |(from, to): &(f64, f64)| {
            let piece = Piece { from: *from, to: *to, left };
            left += (to - from) * scale + gap;
            piece
        };
        Self { pieces: pieces.iter().map(piece).collect(), scale }
    }

    /// Where that time is, in percent from the left.
    pub(super) fn at(&self, time: Timestamp) -> f64 {
        self.place(seconds(time))
    }

    fn place(&self, time: f64) -> f64 {
        let piece = self.pieces.iter().rfind(|piece| piece.from <= time).or(self.pieces.first());
        piece.map_or(0.0, |piece| piece.left + (time.clamp(piece.from, piece.to) - piece.from) * self.scale)
    }

    /// Where nothing was done: from, to.
    pub(super) fn gaps(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.pieces.windows(2).filter_map(|pair| match pair {
            [one, next] => Some((self.place(one.to), next.left)),
            _ => None,
        })
    }

    /// The times that are written, as the clock showed them in `zone`.
    pub(super) fn ticks(&self, zone: &TimeZone) -> Vec<Tick> {
        let step = self.step();
        let format = if step < 60 { "%H:%M:%S" } else { "%H:%M" };
        let mut ticks = Vec::<Tick>::new();
        for piece in &self.pieces {
            let times = rounded(piece.from, step).take_while(|time| whole(*time) <= piece.to);
            for time in times {
                let at = self.place(whole(time));
                // One that would be written over the one before is left out.
                if ticks.last().is_none_or(|last| at - last.at > 60.0 / LABELS)
                    && let Ok(stamp) = Timestamp::from_second(time)
                {
                    ticks.push(Tick { at, label: stamp.to_zoned(zone.clone()).strftime(format).to_string() });
                }
            }
        }
        ticks
    }

    fn step(&self) -> i64 {
        let least = 100.0 / LABELS / self.scale;
        STEPS.into_iter().find(|step| whole(*step) >= least).unwrap_or(86_400)
    }
}

/// Times that touch are one, and so are those with next to nothing in between.
fn joined(times: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let length: f64 = times.iter().map(|(from, to)| to - from).sum();
    let mut pieces = Vec::<(f64, f64)>::new();
    for &(from, to) in times {
        match pieces.last_mut() {
            Some(last) if from - last.1 <= length * SHORT => last.1 = last.1.max(to),
            _ => pieces.push((from, to.max(from))),
        }
    }
    pieces
}

#[expect(clippy::cast_precision_loss, reason = "a time in seconds needs no more than 52 bits")]
fn seconds(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1e3
}

#[expect(clippy::cast_precision_loss, reason = "a time in seconds needs no more than 52 bits")]
fn whole(seconds: i64) -> f64 {
    seconds as f64
}

/// Every `step` seconds of the clock, from `from` on.
#[expect(clippy::cast_possible_truncation, reason = "a time in seconds")]
fn rounded(from: f64, step: i64) -> impl Iterator<Item = i64> {
    let first = (from as i64).saturating_add(step - 1).div_euclid(step) * step;
    (0..1000).map(move |n| first.saturating_add(n * step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_takes_no_room() {
        let axis = Axis::laid_out(&[(0.0, 60.0), (36_000.0, 36_060.0)]);
        let places = [0.0, 30.0, 60.0, 36_000.0, 36_060.0].map(|time| axis.place(time).round());
        assert_eq!(places.map(|place| place.to_string()), ["0", "25", "49", "51", "100"]);
        assert_eq!(axis.gaps().count(), 1);
    }

    #[test]
    fn what_touches_is_one_piece_and_a_moment_between_is_none() {
        assert_eq!(
            joined(&[(0.0, 10.0), (5.0, 20.0), (20.5, 30.0), (50.0, 60.0)]),
            [(0.0, 30.0), (50.0, 60.0)]
        );
    }

    #[test]
    fn an_attempt_that_took_no_time_is_somewhere_all_the_same() {
        let axis = Axis::laid_out(&[(5.0, 5.0)]);
        assert!(axis.place(5.0).is_finite() && axis.ticks(&TimeZone::UTC).len() <= 6);
    }

    #[test]
    fn times_are_written_where_there_is_room_for_them() {
        let ticks = Axis::laid_out(&[(0.0, 3600.0)]).ticks(&TimeZone::UTC);
        let labels: Vec<_> = ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels, ["00:00", "00:15", "00:30", "00:45", "01:00"]);
    }
}
