//! Lists of tokens, parameters and quoted strings, over several lines.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_conditional::fuzzing::members;
use tower_conditional_fuzz::values;

fuzz_target!(|data: &[u8]| {
    let lines = values(data);
    let list: Vec<&[u8]> = members(&lines).collect();
    for member in &list {
        let (Some(first), Some(last)) = (member.first(), member.last()) else {
            panic!("an empty member");
        };
        assert!(![first, last].iter().any(|byte| b" \t,".contains(byte)) || member.contains(&b'"'));
    }
    // Without quotes, the list is a split at commas.
    if !data.contains(&b'"') {
        let naive: Vec<&[u8]> = lines
            .iter()
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
            .map(|member| {
                let ows = |byte: &&u8| b" \t".contains(byte);
                let start = member.iter().take_while(ows).count();
                let member = &member[start..];
                let end = member.iter().rev().take_while(ows).count();
                &member[..member.len() - end]
            })
            .filter(|member| !member.is_empty())
            .collect();
        assert_eq!(list, naive);
    }
});
