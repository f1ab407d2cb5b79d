//! Tests of ranges, one file for each subject.

mod vectors;
