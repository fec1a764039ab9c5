//! The real program, killed at each boundary of each step of a mile: right when a step is taken
//! up, and when its effect is there but nothing of it is on record.
//!
//! The boundary is found by PostgreSQL: a trigger that only this database has stops the worker
//! in the very statement, the program is killed there, and its connection ends with it.

use std::collections::BTreeSet;
use std::time::Duration;

use slipway::app;
use tokio::sync::watch;
use tokio::time::{interval, timeout};

use super::program::{
    MILE_LIMIT, Phase, Program, Stage, comes_to_rest, shows_nothing, shows_one_of_everything, walk,
};
use crate::support::Portal;

const LOOK: Duration = Duration::from_millis(20);
/// Of the lock that a worker runs into; the second half of its name is the step's.
const TRAP: i32 = 417;
/// One takes a build back, one carries a changed standard, one takes in what ran before: this
/// mile has no reason to any.
const NOT_ON_THE_WAY: &[&str] = &["intake.adopt", "release.stop", "wave.advance"];
/// Taken once the mile is over, when the project is off-boarded.
const ON_THE_WAY_OUT: [&str; 5] = [
    "offboarding.jobs",
    "offboarding.webhook",
    "offboarding.workloads",
    "removal.namespace",
    "removal.objects",
];

/// Lays a trap for the first time that each step is at the boundary. The traps are there as long
/// as the session that is answered, whose locks they wait for.
async fn lay_traps(
    portal: &Portal,
    boundary: &str,
    names: &BTreeSet<String>,
) -> sqlx::PgConnection {
    let sql = format!(
        "CREATE TABLE trapped (name text PRIMARY KEY);
         CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
             IF NOT EXISTS (SELECT FROM trapped WHERE name = NEW.name) THEN
                 PERFORM pg_advisory_xact_lock({TRAP}, hashtext(NEW.name));
             END IF;
             RETURN NEW;
         END $$;
         CREATE TRIGGER trap BEFORE UPDATE ON step FOR EACH ROW WHEN ({boundary})
             EXECUTE FUNCTION trap();"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&portal.db.owner)
        .await
        .unwrap();
    let mut held = portal.db.owner.acquire().await.unwrap().detach();
    for name in names {
        sqlx::query("SELECT pg_advisory_lock($1, hashtext($2))")
            .bind(TRAP)
            .bind(name)
            .execute(&mut held)
            .await
            .unwrap();
    }
    held
}

/// The names of the steps that sit in a trap.
async fn caught(portal: &Portal, names: &BTreeSet<String>) -> Vec<String> {
    let names: Vec<String> = names.iter().cloned().collect();
    sqlx::query_scalar(
        "SELECT DISTINCT n FROM unnest($1::text[]) n, pg_locks l
         WHERE l.locktype = 'advisory' AND NOT l.granted AND l.classid = $2::int::oid
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND l.objid::bigint = (hashtext(n)::bigint & 4294967295)",
    )
    .bind(names)
    .bind(TRAP)
    .fetch_all(&portal.db.owner)
    .await
    .unwrap()
}

/// Never again traps these, and ends the connections of those who sit in any, as the system does
/// for a process that is gone.
async fn spring(portal: &Portal, caught: &[String]) {
    sqlx::query(
        "WITH once AS (INSERT INTO trapped SELECT unnest($1::text[]) ON CONFLICT DO NOTHING)
         SELECT pg_terminate_backend(l.pid) FROM pg_locks l
         WHERE l.locktype = 'advisory' AND NOT l.granted AND l.classid = $2::int::oid
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .bind(caught)
    .bind(TRAP)
    .execute(&portal.db.owner)
    .await
    .unwrap();
}

/// Kills the program whenever it sits in a trap, until each step did.
async fn kill_at_each(portal: &Portal, program: &mut Program, names: &BTreeSet<String>) {
    let mut left = names.clone();
    let mut looks = interval(LOOK);
    while !left.is_empty() {
        looks.tick().await;
        let caught = caught(portal, names).await;
        if caught.is_empty() {
            continue;
        }
        program.end().await;
        spring(portal, &caught).await;
        program.begin().await;
        left.retain(|name| !caught.contains(name));
    }
}

async fn sweep(boundary: &str) {
    let mut stage = Stage::set().await;
    let steps = app::steps(&stage.portal.app);
    let way_out: BTreeSet<String> = ON_THE_WAY_OUT.iter().map(|n| (*n).to_owned()).collect();
    let on_the_way =
        |name: &&'static str| !NOT_ON_THE_WAY.contains(name) && !ON_THE_WAY_OUT.contains(name);
    let names: BTreeSet<String> = steps
        .iter()
        .map(|step| step.name())
        .filter(on_the_way)
        .map(str::to_owned)
        .collect();
    let all = names.len() + ON_THE_WAY_OUT.len() + NOT_ON_THE_WAY.len();
    assert_eq!(all, steps.len());
    let laid = names.union(&way_out).cloned().collect();
    let _traps = lay_traps(&stage.portal, boundary, &laid).await;
    let (phase, _seen) = watch::channel(Phase::Containers);
    let both = async {
        tokio::join!(
            walk(&mut stage.crew, phase),
            kill_at_each(&stage.portal, &mut stage.program, &names)
        );
        comes_to_rest(&stage.portal).await;
    };
    timeout(MILE_LIMIT, both)
        .await
        .expect("the mile does not end");
    shows_one_of_everything(&mut stage).await;
    let both = async {
        tokio::join!(
            stage.crew.leave(),
            kill_at_each(&stage.portal, &mut stage.program, &way_out)
        );
        comes_to_rest(&stage.portal).await;
    };
    timeout(MILE_LIMIT, both)
        .await
        .expect("the off-boarding does not end");
    shows_nothing(&stage);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_as_it_takes_each_step_up_the_mile_and_its_end_are_the_same() {
    sweep("NEW.state = 'running' AND OLD.state <> 'running'").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_each_effect_and_its_record_the_mile_and_its_end_are_the_same() {
    sweep("OLD.state = 'running' AND NEW.state <> 'running'").await;
}
