//! Each script alone: its answers, and what it leaves behind.

use tower_conditional::store::validators::{
    FillOutcome, Grant, Lookup, ValidatorStore, WriteEnd, WriteTarget,
};
use tower_conditional_testing::{Engine, RedisServer};

use super::support::{Steps, TestStore, entry, key, name, reader, scope, write};

/// A step of a script, and the answer that it has.
enum ScriptCase {
    Look(&'static str),
    Lease(u64, &'static str),
    Fill(FillOutcome),
    Release,
    Begin(u64, WriteTarget),
    End(u64, WriteTarget, WriteEnd),
    Invalidate(WriteTarget),
    Pass(u64),
}

use ScriptCase::{Begin, End, Fill, Invalidate, Lease, Look, Pass, Release};
use WriteEnd::{Ended, IntentLost};

/// Sequences of steps on one key, whose entries have the scope 7.
fn cases() -> Vec<(&'static str, Vec<ScriptCase>)> {
    let (this, other) = (WriteTarget::Key(key(1)), WriteTarget::Key(key(2)));
    let (scope, all) = (WriteTarget::Scope(scope(7)), WriteTarget::All);
    let (stored, refused) = (FillOutcome::Stored, FillOutcome::Refused);
    let (hit, miss, leased, taken, written) = ("hit", "miss", "leased", "taken", "written");
    let filled = || vec![Lease(1, leased), Fill(stored)];
    let after_filled = |steps: Vec<ScriptCase>| filled().into_iter().chain(steps).collect();
    let mut cases = vec![
        ("a hit", after_filled(vec![Look(hit), Lease(2, hit)])),
        (
            "a lookup alone",
            vec![Look(miss), Look(miss), Lease(1, leased)],
        ),
        (
            "a taken lease",
            vec![Lease(1, leased), Lease(2, taken), Look(taken)],
        ),
        (
            "a repeated lookup",
            vec![Lease(1, leased), Lease(1, leased), Fill(stored)],
        ),
        (
            "a lease that ran out",
            vec![Lease(1, leased), Pass(10), Look(miss), Fill(stored)],
        ),
        (
            "a lost lease",
            vec![Lease(1, leased), Pass(10), Lease(2, leased), Fill(stored)],
        ),
        (
            "a late fill",
            vec![Lease(1, leased), Pass(60), Fill(refused), Lease(2, leased)],
        ),
        (
            "two fills",
            vec![Lease(1, leased), Fill(stored), Fill(refused), Look(hit)],
        ),
        (
            "an expired entry",
            after_filled(vec![Pass(60), Look(miss), Lease(2, leased)]),
        ),
        (
            "a release",
            vec![Lease(1, leased), Release, Fill(refused), Lease(2, leased)],
        ),
        ("a late release", after_filled(vec![Release, Look(hit)])),
        (
            "another key",
            after_filled(vec![Begin(5, other), Look(hit), End(5, other, Ended)]),
        ),
        ("no announcement", vec![End(5, this, IntentLost)]),
        (
            "a late begin",
            vec![
                Begin(5, this),
                End(5, this, Ended),
                Begin(5, this),
                Look(written),
            ],
        ),
    ];
    for target in [this, scope, all] {
        let more = vec![
            (
                "a write of an entry",
                after_filled(vec![
                    Begin(5, target),
                    Look(written),
                    Lease(2, written),
                    End(5, target, Ended),
                    Look(miss),
                    Lease(3, leased),
                    Fill(stored),
                    Look(hit),
                ]),
            ),
            (
                "a write before the removal of old records",
                after_filled(vec![
                    Begin(5, target),
                    End(5, target, Ended),
                    Pass(40),
                    Begin(6, other),
                    End(6, other, Ended),
                    Look(miss),
                ]),
            ),
            (
                "a fill during a write",
                vec![Lease(1, leased), Begin(5, target), Fill(refused)],
            ),
            (
                "a fill after a write",
                vec![
                    Lease(1, leased),
                    Begin(5, target),
                    End(5, target, Ended),
                    Fill(refused),
                ],
            ),
            (
                "a write that ran out",
                after_filled(vec![
                    Begin(5, target),
                    Pass(30),
                    Look(written),
                    Pass(1),
                    Look(miss),
                    End(5, target, IntentLost),
                    Lease(2, leased),
                    Fill(stored),
                ]),
            ),
            (
                "a late end",
                after_filled(vec![
                    Begin(5, target),
                    End(5, target, Ended),
                    Lease(2, leased),
                    Fill(stored),
                    End(5, target, IntentLost),
                    Look(miss),
                ]),
            ),
            (
                "an announcement that is repeated",
                vec![
                    Begin(5, target),
                    Begin(5, target),
                    End(5, target, Ended),
                    Lease(1, leased),
                ],
            ),
            (
                "two writers",
                after_filled(vec![
                    Begin(5, target),
                    Begin(6, target),
                    End(5, target, Ended),
                    Look(written),
                    End(7, target, IntentLost),
                    Look(written),
                    End(6, target, Ended),
                    Look(miss),
                ]),
            ),
            (
                "an invalidation",
                after_filled(vec![Invalidate(target), Look(miss)]),
            ),
            (
                "an invalidated lease",
                vec![
                    Lease(1, leased),
                    Invalidate(target),
                    Fill(refused),
                    Lease(2, leased),
                ],
            ),
            (
                "an extension",
                after_filled(vec![
                    Begin(5, target),
                    Pass(20),
                    Begin(5, target),
                    Pass(20),
                    Look(written),
                    End(5, target, Ended),
                    Look(miss),
                ]),
            ),
        ];
        // Without an entry, nothing is known of its scopes.
        let known = |(_, steps): &(&str, Vec<ScriptCase>)| {
            target != scope || !matches!(steps[0], Begin(..))
        };
        cases.extend(more.into_iter().filter(known));
    }
    cases
}

#[tokio::test]
async fn every_script_answers_as_its_table_says() {
    for engine in Engine::tested() {
        let server = RedisServer::shared(engine);
        let test = TestStore::open(server).await;
        for (case, steps) in cases() {
            server.command(&["DEL", &test.entry(1)]);
            test.pass(400);
            let mut grant = None;
            for (number, step) in steps.iter().enumerate() {
                let context = format!("{engine:?}, {case}, step {number}");
                run(&test, step, &mut grant, &context).await;
            }
        }
    }
}

async fn run(test: &TestStore, step: &ScriptCase, grant: &mut Option<Grant>, context: &str) {
    let store = &test.store;
    match *step {
        Look(expected) => assert_eq!(store.look(1).await, expected, "{context}"),
        Lease(reader_number, expected) => {
            let found = store.lookup(key(1), Some(reader(reader_number))).await;
            let found = found.expect("an answer");
            assert_eq!(name(&found), expected, "{context}");
            if let Lookup::Leased { grant: leased, .. } = found {
                *grant = Some(leased);
            }
        }
        Fill(expected) => {
            let entry = entry("a").with_scopes([scope(6), scope(7)]);
            let filled = store.fill(key(1), grant.expect("a lease"), entry).await;
            assert_eq!(filled.expect("an answer"), expected, "{context}");
        }
        Release => {
            let released = store.release(key(1), grant.expect("a lease")).await;
            released.expect("an answer");
        }
        Begin(number, target) => store.begin(&write(number, [target])).await,
        End(number, target, expected) => {
            let end = store.end(&write(number, [target])).await;
            assert_eq!(end, expected, "{context}");
        }
        Invalidate(target) => store.invalidate(target).await.expect("an answer"),
        Pass(seconds) => test.pass(seconds),
    }
}
