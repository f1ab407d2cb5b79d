//! The Gregorian calendar, extended to the time before its introduction.

pub(super) const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

pub(super) const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;
/// The days of 400 years, after which the calendar repeats.
const DAYS_PER_CYCLE: i64 = 146_097;
/// The days from 0000-03-01 to 1970-01-01.
const DAYS_BEFORE_1970: i64 = 719_468;

/// A calendar date with a time of day.
///
/// Values are ordered by time. That holds even for a day that the calendar lacks, such as the
/// 29th of February of a common year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CalendarTime {
    pub(super) year: i64,
    /// The month, from 1 to 12.
    pub(super) month: i64,
    /// The day of the month, from 1 to 31.
    pub(super) day: i64,
    /// The second of the day, from 0 to 86,400. The last is a leap second.
    pub(super) second_of_day: i64,
}

impl CalendarTime {
    /// Returns the date and time that is this many seconds after the start of 1970.
    pub(super) fn from_unix_seconds(seconds: i64) -> Self {
        // Years are counted from March, so a leap day is the last day of a year.
        let days = seconds.div_euclid(SECONDS_PER_DAY) + DAYS_BEFORE_1970;
        let cycle = days.div_euclid(DAYS_PER_CYCLE);
        let day_of_cycle = days.rem_euclid(DAYS_PER_CYCLE);
        let year_of_cycle = (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36_524
            - day_of_cycle / 146_096)
            / 365;
        let day_of_year =
            day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = (month_from_march + 2) % 12 + 1;
        Self {
            year: 400 * cycle + year_of_cycle + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
            second_of_day: seconds.rem_euclid(SECONDS_PER_DAY),
        }
    }

    /// Returns the days from the start of 1970 to the start of this day.
    pub(super) fn days(self) -> i64 {
        let year = self.year - i64::from(self.month <= 2);
        let cycle = year.div_euclid(400);
        let year_of_cycle = year.rem_euclid(400);
        let day_of_year = (153 * ((self.month + 9) % 12) + 2) / 5 + self.day - 1;
        let day_of_cycle = 365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100;
        DAYS_PER_CYCLE * cycle + day_of_cycle + day_of_year - DAYS_BEFORE_1970
    }

    /// Returns the seconds since 1970, or `None` if the calendar lacks the day.
    pub(super) fn unix_seconds(self) -> Option<i64> {
        let is_day = (1..=self.days_of_month()).contains(&self.day);
        is_day.then(|| self.days() * SECONDS_PER_DAY + self.second_of_day)
    }

    fn days_of_month(self) -> i64 {
        let year = self.year;
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }
}

/// Returns the index in [`WEEKDAYS`] of the day that is this many days after 1970-01-01, a
/// Thursday.
pub(super) fn weekday(days: i64) -> usize {
    (days + 3).rem_euclid(7) as usize
}
