//! What PostgreSQL itself refuses, tried in SQL as the application's own role.

use secrecy::ExposeSecret as _;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::support::database::Database;

/// One project with a place in production, a release, its artifact and a live confirmation.
const FIXTURE: &str = include_str!("fixtures/data.sql");

/// A deployment of the confirmed artifact, with its columns to be replaced.
fn deployment(confirmation: &str, live: &str, workload: &str, tier: &str, sequence: i32) -> String {
    format!(
        "INSERT INTO deployment (id, rollout_id, workload_id, project_id, tier, kind, sequence,
            artifact_id, parameters_revision, schema_version, confirmation_id,
            confirmation_live, author_id)
         VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000060',
            '00000000-0000-0000-0000-0000000000{workload}',
            '00000000-0000-0000-0000-000000000010', '{tier}', 'deploy', {sequence},
            '00000000-0000-0000-0000-000000000040', 1, 1, {confirmation}, {live},
            '00000000-0000-0000-0000-000000000001')"
    )
}

const CONFIRMED: &str = "'00000000-0000-0000-0000-000000000050'";

fn decision(decider: &str, hash: &str, verdict: &str) -> String {
    format!(
        "INSERT INTO decision (id, request_id, revision, hash, author_id, decider_id, verdict,
            comment)
         VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000070', 1,
            decode(repeat('{hash}', 32), 'hex'), '00000000-0000-0000-0000-000000000001',
            '00000000-0000-0000-0000-00000000000{decider}', '{verdict}', '')"
    )
}

struct Tries {
    connection: PgConnection,
}

impl Tries {
    async fn start() -> (Self, Database) {
        let db = Database::new().await;
        db.owner.execute(AssertSqlSafe(FIXTURE)).await.unwrap();
        let connection = PgConnection::connect(db.app_url.expose_secret())
            .await
            .unwrap();
        (Self { connection }, db)
    }

    async fn works(&mut self, sql: impl Into<String>) {
        let sql = sql.into();
        let done = self.connection.execute(AssertSqlSafe(sql.clone())).await;
        assert!(done.is_ok(), "{sql}: {done:?}");
    }

    /// Refused, by the constraint of this name or (for rights) with this word.
    async fn refused(&mut self, sql: impl Into<String>, by: &str) {
        let sql = sql.into();
        let error = self
            .connection
            .execute(AssertSqlSafe(sql.clone()))
            .await
            .unwrap_err();
        let database = error.as_database_error().unwrap();
        let named = database.constraint() == Some(by) || database.message().contains(by);
        assert!(named, "{sql}: not {by} but {database:?}");
    }
}

#[tokio::test]
async fn nothing_unconfirmed_is_deployed_to_production() {
    let (mut tries, _db) = Tries::start().await;
    let bare = deployment("NULL", "NULL", "20", "production", 1);
    tries.refused(bare, "deployment_production_confirmed").await;
    // The tier is the workload's own; saying another does not help.
    let lied = deployment("NULL", "NULL", "20", "test", 1);
    tries.refused(lied, "deployment_tier_of_workload").await;
    let dead = deployment(CONFIRMED, "NULL", "20", "production", 1);
    tries
        .refused(dead, "deployment_live_while_unfinished")
        .await;
    tries
        .works(deployment("NULL", "NULL", "21", "test", 1))
        .await;
    tries
        .works(deployment(CONFIRMED, "true", "20", "production", 1))
        .await;

    // While it is on its way, its confirmation cannot be withdrawn.
    let withdraw = "UPDATE confirmation SET withdrawn_at = now()";
    tries
        .refused(withdraw, "deployment_confirmation_live")
        .await;
    tries
        .works(
            "UPDATE deployment SET state = 'succeeded', ended_at = now(), confirmation_live = NULL
             WHERE tier = 'production'",
        )
        .await;
    tries.works(withdraw).await;
    let after = deployment(CONFIRMED, "true", "20", "production", 2);
    tries.refused(after, "deployment_confirmation_live").await;
}

#[tokio::test]
async fn production_is_stopped_once_and_never_without_a_reason() {
    let (mut tries, _db) = Tries::start().await;
    let stop = |reason: &str| {
        format!(
            "INSERT INTO production_stop (reason, account_id)
             VALUES ('{reason}', '00000000-0000-0000-0000-000000000001')"
        )
    };
    tries.refused(stop(""), "production_stop_says_why").await;
    tries.works(stop("Incident 7")).await;
    tries
        .refused(stop("Incident 8"), "production_stop_pkey")
        .await;
    let other = "INSERT INTO production_stop (one, reason, account_id)
        VALUES (false, 'x', '00000000-0000-0000-0000-000000000001')";
    tries.refused(other, "production_stop_one").await;
}

#[tokio::test]
async fn a_terminal_says_why_and_how_and_its_pass_is_good_once() {
    let (mut tries, _db) = Tries::start().await;
    let terminal = |reason: &str| {
        format!(
            "INSERT INTO terminal (id, account_id, project_id, workload_id, environment_id,
                cluster_id, tier, namespace, pod, container, reason, strict, ends_at, replica,
                alive_until)
             VALUES ('00000000-0000-0000-0000-000000000090',
                '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000010',
                '00000000-0000-0000-0000-000000000020', '00000000-0000-0000-0000-000000000008',
                '00000000-0000-0000-0000-000000000006', 'production', 'pay-prod', 'pay-1',
                'pay', '{reason}', true, now() + interval '1 hour', gen_random_uuid(), now())"
        )
    };
    tries
        .refused(terminal(""), "terminal_production_says_why")
        .await;
    tries.works(terminal("x")).await;
    for (set, by) in [
        ("ended_at = now()", "terminal_ended_says_how"),
        (
            "ended_at = now(), ending = 'exited'",
            "terminal_exited_says_code",
        ),
        (
            "ended_at = now(), ending = 'bored'",
            "terminal_ending_known",
        ),
        ("debug_image = 'r.example/a:1'", "terminal_debug_whole"),
        (
            "debug_image = '', debug_target = 'pay'",
            "terminal_debug_image_size",
        ),
        (
            "debug_image = 'r.example/a:1', debug_target = repeat('a', 64)",
            "terminal_debug_target_size",
        ),
        ("pod_uid = ''", "terminal_pod_uid_size"),
        (
            "ended_at = now(), ending = 'closed', output_hash = 'x'",
            "terminal_output_hash_size",
        ),
        (
            "output_hash = decode(repeat('ab', 32), 'hex')",
            "terminal_output_hash_at_end",
        ),
    ] {
        tries
            .refused(format!("UPDATE terminal SET {set}"), by)
            .await;
    }
    let pass = |seconds: i32| {
        format!(
            "INSERT INTO terminal_pass (id, terminal_id, account_id, pass_hash, expires_at)
             VALUES ('00000000-0000-0000-0000-000000000091',
                '00000000-0000-0000-0000-000000000090', '00000000-0000-0000-0000-000000000001',
                decode(repeat('ab', 32), 'hex'), slipway_now() + interval '{seconds} seconds')"
        )
    };
    tries.refused(pass(31), "terminal_pass_is_short").await;
    tries.works(pass(30)).await;
    let visit = "INSERT INTO terminal_visit (pass_id)
        VALUES ('00000000-0000-0000-0000-000000000091')";
    tries.works(visit).await;
    tries.refused(visit, "terminal_visit_once").await;
    let guest = "INSERT INTO terminal_guest (id, terminal_id, account_id)
        VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000090',
            '00000000-0000-0000-0000-000000000002')";
    tries.works(guest).await;
    tries.refused(guest, "terminal_guest_one").await;
    tries
        .works("UPDATE terminal_guest SET ended_at = now()")
        .await;
    let file = |way: &str, path: &str| {
        format!(
            "INSERT INTO terminal_file (id, terminal_id, direction, path)
             SELECT gen_random_uuid(), id, '{way}', '{path}' FROM terminal"
        )
    };
    tries
        .refused(file("up", "/x"), "terminal_file_direction")
        .await;
    tries.refused(file("in", "x"), "terminal_file_path").await;
    tries.works(file("in", "/x")).await;
    for (set, by) in [
        ("ended_at = now()", "terminal_file_ended_says_how"),
        (
            "ended_at = now(), outcome = 'lost'",
            "terminal_file_outcome",
        ),
        (
            "ended_at = now(), outcome = 'done'",
            "terminal_file_whole_has_hash",
        ),
        ("bytes = -1", "terminal_file_bytes"),
        ("file_hash = 'x'", "terminal_file_hash"),
    ] {
        let set = format!("UPDATE terminal_file SET {set}");
        tries.refused(set, by).await;
    }

    tries.works(guest).await;
}

#[tokio::test]
async fn a_workload_has_one_unfinished_deployment() {
    let (mut tries, _db) = Tries::start().await;
    tries
        .works(deployment(CONFIRMED, "true", "20", "production", 1))
        .await;
    let second = deployment(CONFIRMED, "true", "20", "production", 2);
    tries.refused(second, "deployment_one_unfinished").await;
    let ended = "UPDATE deployment SET ended_at = now()";
    tries.refused(ended, "deployment_").await;
    let failed =
        "UPDATE deployment SET state = 'failed', ended_at = now(), confirmation_live = NULL";
    tries
        .refused(failed, "deployment_failure_when_failed")
        .await;
}

#[tokio::test]
async fn nobody_decides_on_their_own_request_or_on_what_was_not_shown() {
    let (mut tries, _db) = Tries::start().await;
    tries
        .refused(decision("1", "ab", "approve"), "decision_not_by_author")
        .await;
    tries
        .refused(decision("2", "cd", "approve"), "decision_on_what_was_shown")
        .await;
    tries
        .refused(decision("2", "ab", "reject"), "decision_reject_says_why")
        .await;
    tries.works(decision("2", "ab", "approve")).await;
    tries
        .refused(decision("2", "ab", "approve"), "decision_once")
        .await;
    let lied = "'00000000-0000-0000-0000-000000000002',";
    let truth = "'00000000-0000-0000-0000-000000000001',";
    let other = decision("1", "ab", "approve").replacen(truth, lied, 1);
    tries.refused(other, "decision_knows_author").await;
    let double = "INSERT INTO request (id, kind, subject, author_id) VALUES (gen_random_uuid(),
        'onboarding', 'pay', '00000000-0000-0000-0000-000000000002')";
    tries.refused(double, "request_one_onboarding").await;
}

#[tokio::test]
async fn history_is_not_rewritten() {
    let (mut tries, db) = Tries::start().await;
    for table in [
        "audit_entry",
        "decision",
        "request_revision",
        "request_excluded",
        "request_comment",
        "artifact",
        "parameters_revision",
        "setback",
        "baseline",
        "layer",
        "layer_revision",
        "image_bounds",
        "image_look",
    ] {
        tries
            .refused(format!("DELETE FROM {table}"), "permission denied")
            .await;
    }
    tries
        .refused("UPDATE audit_entry SET action = 'y'", "permission denied")
        .await;
    tries
        .refused("TRUNCATE audit_entry", "permission denied")
        .await;
    for update in [
        "artifact SET digest = digest",
        "image_bounds SET most_mib = 1",
        "image_look SET remarks = remarks",
    ] {
        tries
            .refused(format!("UPDATE {update}"), "permission denied")
            .await;
    }
    tries
        .refused(
            "UPDATE decision SET verdict = 'approve'",
            "permission denied",
        )
        .await;
    tries
        .refused(
            "UPDATE partitioned_table SET append_only = false",
            "permission denied",
        )
        .await;
    tries
        .refused("CREATE TABLE x ()", "permission denied")
        .await;
    // Nor by a partition's own name, nor in one that is made later.
    let made = "SELECT slipway_make_partitions(12)";
    tries.works(made).await;
    let child: String = sqlx::query_scalar(
        "SELECT max(c.relname) FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
         WHERE i.inhparent = 'audit_entry'::regclass AND c.relname <> 'audit_entry_default'",
    )
    .fetch_one(&db.owner)
    .await
    .unwrap();
    tries
        .refused(format!("DELETE FROM {child}"), "permission denied")
        .await;
    tries
        .refused("DELETE FROM audit_entry_default", "permission denied")
        .await;
}

#[tokio::test]
async fn names_and_places_are_unique_and_lawful() {
    let (mut tries, _db) = Tries::start().await;
    let step = "INSERT INTO step (id, run_id, name, lane, input) VALUES (gen_random_uuid(),
        '00000000-0000-0000-0000-000000000080', 'b', 'l', '{}')";
    tries.refused(step, "step_one_active_per_run").await;
    let release = |tag: &str, number: i32| {
        format!(
            "INSERT INTO release (id, project_id, number, tag, reference, commit_id,
                commit_title, note, author_id, state)
             VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000010', {number},
                '{tag}', 'main', repeat('b', 40), 'x', '',
                '00000000-0000-0000-0000-000000000001', 'requested')"
        )
    };
    tries
        .refused(release("20261121-093015-u1", 2), "release_tag_key")
        .await;
    tries
        .refused(release("20261121-093016-u1", 1), "release_number_key")
        .await;
    tries.refused(release("v1", 2), "release_tag_grammar").await;
    let artifact = |digest: &str| {
        format!(
            "INSERT INTO artifact (id, project_id, repository, tag, digest, size_bytes)
             VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000010', 'apps/pay',
                '20261121-093015-u1', {digest}, 1)"
        )
    };
    tries
        .refused(artifact("'sha256:x'"), "artifact_digest_grammar")
        .await;
    tries
        .refused(artifact("'sha256:' || repeat('b', 64)"), "artifact_tag_key")
        .await;
    let workload = |environment: u8, tier: &str, namespace: &str| {
        format!(
            "INSERT INTO workload (id, project_id, environment_id, tier, cluster_id, component,
                namespace, object_name, selector)
             VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000010',
                '00000000-0000-0000-0000-00000000000{environment}', '{tier}',
                '00000000-0000-0000-0000-000000000006', 'main', '{namespace}', 'x', '{{}}')"
        )
    };
    tries
        .refused(workload(8, "production", "pay-x"), "workload_identity")
        .await;
    tries
        .refused(workload(8, "test", "pay-x"), "workload_")
        .await;
    tries
        .refused(
            workload(8, "production", "kube-system"),
            "workload_namespace_grammar",
        )
        .await;
    let found = |found: &str| format!("UPDATE workload SET found = '{found}'");
    let nameless = found(r#"{"container": "app"}"#);
    tries.refused(nameless, "workload_found_names_object").await;
    let unfit = found(r#"{"uid": "a", "container": "App"}"#);
    tries
        .refused(unfit, "workload_found_container_grammar")
        .await;
    let confirm = "INSERT INTO confirmation (id, artifact_id, kind, account_id, note)
        VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000040', 'tested',
            '00000000-0000-0000-0000-000000000002', '')";
    tries.refused(confirm, "confirmation_one_live").await;
    let waiver = confirm.replace("'tested'", "'waiver'");
    tries.refused(waiver, "confirmation_").await;
}

#[tokio::test]
async fn a_message_is_on_a_way_once_and_a_mail_server_is_nobodys_own() {
    let (mut tries, _db) = Tries::start().await;
    let lane = |digit: u32| format!("'00000000-0000-0000-0000-00000000009{digit}'");
    for digit in 0..4 {
        let insert = format!("INSERT INTO notice_lane (id) VALUES ({})", lane(digit));
        tries.works(insert).await;
    }
    let channel = |digit: u32, key: &str, kind: &str, project: &str, config: &str| {
        format!(
            "INSERT INTO notice_channel (id, key, kind, project_id, locale, events, config,
                time_zone)
             VALUES ({}, '{key}', '{kind}', {project}, 'en', '{{}}', '{config}', 'UTC')",
            lane(digit)
        )
    };
    let pay = "'00000000-0000-0000-0000-000000000010'";
    let people = r#"{"for_people": true}"#;
    tries.works(channel(0, "ops", "mail", "NULL", people)).await;
    let twice = channel(1, "ops", "wecom", "NULL", "{}");
    tries.refused(twice, "notice_channel_key_key").await;
    let second = channel(1, "more", "mail", "NULL", people);
    tries.refused(second, "notice_channel_one_for_people").await;
    let own = channel(1, "own", "mail", pay, "{}");
    tries
        .refused(own, "notice_channel_of_project_is_robot")
        .await;
    tries.works(channel(1, "ops", "wecom", pay, "{}")).await;
    let again = channel(2, "ops", "feishu", pay, "{}");
    tries.refused(again, "notice_channel_key_in_project").await;

    let delivery = |state: &str| {
        format!(
            "INSERT INTO notice_delivery (id, lane_id, message_id, news, state)
             VALUES (gen_random_uuid(), {}, {}, '{{}}', '{state}')",
            lane(0),
            lane(9)
        )
    };
    let unended = delivery("sent");
    tries
        .refused(unended, "notice_delivery_ended_when_over")
        .await;
    tries.works(delivery("waiting")).await;
    tries
        .refused(delivery("waiting"), "notice_delivery_once")
        .await;
}

#[tokio::test]
async fn what_is_leaving_takes_nothing_new() {
    let (mut tries, _db) = Tries::start().await;
    tries
        .works(
            "UPDATE workload SET leaving_at = slipway_now()
             WHERE id = '00000000-0000-0000-0000-000000000021'",
        )
        .await;
    let into_it = deployment("NULL", "NULL", "21", "test", 1);
    tries.refused(into_it, "workload_stays").await;
    let rollout = "INSERT INTO rollout (id, project_id, environment_id, tier, kind, artifact_id,
        author_id, workload_ids) VALUES (gen_random_uuid(),
        '00000000-0000-0000-0000-000000000010', '00000000-0000-0000-0000-000000000007', 'test',
        'deploy', '00000000-0000-0000-0000-000000000040',
        '00000000-0000-0000-0000-000000000001', '{00000000-0000-0000-0000-000000000021}')";
    tries.refused(rollout, "workload_stays").await;
    let takes_away = rollout
        .replace("workload_ids)", "workload_ids, takes_away)")
        .replace("'{00000000-0000-0000-0000-000000000021}')", "'{}', '[{}]')");
    tries
        .refused(takes_away, "rollout_takes_away_when_it_restores")
        .await;
    let release = "INSERT INTO release (id, project_id, number, tag, reference, commit_id,
        commit_title, note, author_id) VALUES (gen_random_uuid(),
        '00000000-0000-0000-0000-000000000010', 2, '20261121-093016-u1', 'main',
        repeat('b', 40), 'x', '', '00000000-0000-0000-0000-000000000001')";
    tries
        .refused(
            "UPDATE project SET left_at = slipway_now()",
            "project_leaves_before_it_left",
        )
        .await;
    tries
        .works("UPDATE project SET leaving_at = slipway_now()")
        .await;
    tries.refused(release, "project_stays").await;
    let request = "INSERT INTO request (id, kind, subject, author_id, project_id) VALUES
        (gen_random_uuid(), 'containers', 'pay', '00000000-0000-0000-0000-000000000001',
         '00000000-0000-0000-0000-000000000010')";
    tries.refused(request, "project_stays").await;
    let member = "INSERT INTO membership (project_id, account_id, role) VALUES
        ('00000000-0000-0000-0000-000000000010', '00000000-0000-0000-0000-000000000002',
         'viewer')";
    tries.refused(member, "project_stays").await;
    let removal = "INSERT INTO removal (id, workload_id, request_id, whole) VALUES
        (gen_random_uuid(), '00000000-0000-0000-0000-000000000021',
         '00000000-0000-0000-0000-000000000070', false)";
    tries.works(removal).await;
    tries.refused(removal, "removal_once").await;
    tries
        .refused("DELETE FROM removal", "permission denied")
        .await;
}

#[tokio::test]
async fn what_is_taken_over_ends_once_in_one_way() {
    let (mut tries, _db) = Tries::start().await;
    let item = |position: i32, columns: &str| {
        format!(
            "INSERT INTO intake_item (request_id, position, cluster_id, asked, workload_id,
                trouble, ended_at)
             VALUES ('00000000-0000-0000-0000-000000000070', {position},
                '00000000-0000-0000-0000-000000000006', '{{}}', {columns})"
        )
    };
    let workload = "'00000000-0000-0000-0000-000000000021'";
    let ended = |what: &str| format!("{what}, slipway_now()");
    tries.works(item(0, "NULL, NULL, NULL")).await;
    tries
        .refused(item(0, "NULL, NULL, NULL"), "intake_item_pkey")
        .await;
    tries
        .refused(item(-1, "NULL, NULL, NULL"), "intake_item_position")
        .await;
    let neither = item(1, &ended("NULL, NULL"));
    tries
        .refused(neither, "intake_item_ended_with_either")
        .await;
    let both = item(1, &ended(&format!("{workload}, '{{}}'")));
    tries.refused(both, "intake_item_workload_or_trouble").await;
    let good = |position| item(position, &ended(&format!("{workload}, NULL")));
    tries.works(good(1)).await;
    tries.refused(good(2), "intake_item_of_one_workload").await;
    tries
        .refused("DELETE FROM intake_item", "permission denied")
        .await;
}

#[tokio::test]
async fn a_shell_is_given_once_for_hours() {
    let (mut tries, _db) = Tries::start().await;
    let given = |rest: &str| {
        format!(
            "INSERT INTO shell_access (id, request_id, account_id, project_id, environment_id,
                files, begins_at, expires_at, ended_at, ended_by)
             VALUES (gen_random_uuid(), '00000000-0000-0000-0000-000000000070',
                '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000010',
                '00000000-0000-0000-0000-000000000008', false, slipway_now(), slipway_now() {rest})"
        )
    };
    let length = "shell_access_length";
    tries.refused(given(", NULL, NULL"), length).await;
    let long = given("+ interval '73 hours', NULL, NULL");
    tries.refused(long, length).await;
    let nobody = given("+ interval '1 hour', slipway_now(), NULL");
    tries
        .refused(nobody, "shell_access_ended_by_somebody")
        .await;
    let good = given("+ interval '72 hours', NULL, NULL");
    tries.works(good.clone()).await;
    tries.refused(good, "shell_access_of_one_request").await;
    let gone = "DELETE FROM shell_access";
    tries.refused(gone, "permission denied").await;
}

#[tokio::test]
async fn a_draft_is_one_for_each_form_and_no_longer_than_it_may_be() {
    let (mut tries, _db) = Tries::start().await;
    let draft = |path: &str, subject: &str, body: &str| {
        format!(
            "INSERT INTO request_draft (account_id, path, kind, subject, body)
             VALUES ('00000000-0000-0000-0000-000000000001', {path}, 'resource', {subject}, {body})"
        )
    };
    let long = "repeat('a', 65537)";
    for path in [
        "'projects/new'",
        "'//evil.example/'",
        "'/\\evil'",
        "'/a b'",
        "'/' || repeat('a', 200)",
    ] {
        let wrong = draft(path, "''", "''");
        tries.refused(wrong, "request_draft_path_is_ours").await;
    }
    let wrong = draft("'/projects/new'", "repeat('a', 201)", "''");
    tries.refused(wrong, "request_draft_subject_length").await;
    let wrong = draft("'/projects/new'", "''", long);
    tries.refused(wrong, "request_draft_body_length").await;
    let good = draft("'/projects/new'", "'pay'", "repeat('a', 65536)");
    tries.works(good.clone()).await;
    tries.refused(good, "request_draft_once").await;
}
