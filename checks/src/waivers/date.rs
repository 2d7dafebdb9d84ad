//! A day of the calendar. There is no clock here: dates come from files and from the commit.

use std::fmt;
use std::str::FromStr;

/// A day, `2026-03-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl FromStr for Date {
    type Err = ();

    /// Reads `YYYY-MM-DD`; a day that no calendar has is none.
    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
        let mut parts = text.split('-');
        let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(());
        };
        if !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
            return Err(());
        }
        let (Ok(year), Ok(month), Ok(day)) = (year.parse(), month.parse(), day.parse()) else { return Err(()) };
        let date = Self { year, month, day };
        if (1..=date.days_of_month()).contains(&day) { Ok(date) } else { Err(()) }
    }
}

impl Date {
    fn days_of_month(self) -> u8 {
        let leap = self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        match self.month {
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            1..=12 => 31,
            _ => 0,
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_there_are() {
        for good in ["2026-01-31", "2024-02-29", "2000-02-29", "0000-12-01"] {
            assert_eq!(good.parse::<Date>().unwrap().to_string(), good);
        }
        for bad in [
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-1-1",
            "2026-01-00",
            "2026-04-31",
            "",
            "+026-01-01",
            "2026-01-01-",
        ] {
            assert!(bad.parse::<Date>().is_err(), "{bad}");
        }
        assert!("2026-09-30".parse::<Date>() < "2026-10-01".parse());
    }
}
