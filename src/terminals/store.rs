//! The SQL of terminals, their passes and their recordings.

use std::net::IpAddr;

use jiff::Timestamp;
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

use super::debug::{Chosen, DebugContainer};
use super::inner::Holder;
use super::session::Ended;
use super::session::company::Guest;
use super::{Ending, Invitation, Terminal, TerminalId};
use crate::clusters::Tier;
use crate::db::DbError;
use crate::identity::{AccountId, Person, ProjectId};
use crate::workloads::{Workload, WorkloadId};

/// A terminal as it is opened.
pub struct NewTerminal<'a> {
    pub id: TerminalId,
    pub account: AccountId,
    pub workload: &'a Workload,
    pub pod: &'a str,
    pub chosen: &'a Chosen,
    pub reason: &'a str,
    pub strict: bool,
    pub length_seconds: f64,
    pub replica: Uuid,
}

pub struct NewPass {
    pub id: Uuid,
    pub terminal: TerminalId,
    pub account: AccountId,
    pub hash: Vec<u8>,
    pub seconds: i32,
}

pub struct NewChunk<'a> {
    pub terminal: Uuid,
    pub sequence: i32,
    pub until_ms: i64,
    pub frames: &'a [u8],
}

/// What a list of terminals is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub id: Option<TerminalId>,
    /// Those of this person, besides those in these projects; none for all.
    pub visible: Option<(AccountId, Vec<Uuid>)>,
    pub project: Option<String>,
    pub environment: Option<String>,
    pub pod: Option<String>,
    pub account: Option<String>,
    pub open: bool,
    pub from: Option<Timestamp>,
    /// Up to, and not at, this time.
    pub to: Option<Timestamp>,
    pub before: Option<TerminalId>,
    pub limit: i64,
}

/// One opening at a time, so that nobody gets round a limit by hurrying.
pub async fn lock_opening(connection: &mut PgConnection) -> Result<(), DbError> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('terminal.open'))")
        .execute(connection)
        .await?;
    Ok(())
}

/// Open terminals: of this person, and of everybody.
pub async fn count_open(
    executor: impl PgExecutor<'_>,
    account: AccountId,
) -> Result<(i64, i64), DbError> {
    let row = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE account_id = $1) AS "mine!", count(*) AS "all!"
           FROM terminal WHERE ended_at IS NULL AND alive_until > slipway_now()"#,
        account.0,
    );
    let row = row.fetch_one(executor).await?;
    Ok((row.mine, row.all))
}

pub async fn insert(connection: &mut PgConnection, new: &NewTerminal<'_>) -> Result<(), DbError> {
    let debug = new.chosen.debug.as_ref();
    sqlx::query!(
        "INSERT INTO terminal (id, account_id, project_id, workload_id, environment_id,
            cluster_id, tier, namespace, pod, container, reason, strict, ends_at, replica,
            alive_until, debug_image, debug_target, pod_uid)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
            slipway_now() + make_interval(secs => $13), $14,
            slipway_now() + interval '40 seconds', $15, $16, $17)",
        new.id.0,
        new.account.0,
        new.workload.project_id.0,
        new.workload.id.0,
        new.workload.environment_id.0,
        new.workload.cluster_id.0,
        new.workload.tier.as_str(),
        new.workload.namespace,
        new.pod,
        new.chosen.container,
        new.reason,
        new.strict,
        new.length_seconds,
        new.replica,
        debug.map(|debug| debug.image.as_str()),
        debug.map(|debug| debug.target.as_str()),
        new.chosen.pod_uid,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn insert_pass(connection: &mut PgConnection, new: &NewPass) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO terminal_pass (id, terminal_id, account_id, pass_hash, expires_at)
         VALUES ($1, $2, $3, $4, slipway_now() + make_interval(secs => $5))",
        new.id,
        new.terminal.0,
        new.account.0,
        new.hash,
        f64::from(new.seconds),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The pass of this person into this terminal, while it is good.
pub async fn pass(
    connection: &mut PgConnection,
    terminal: TerminalId,
    account: AccountId,
    hash: &[u8],
) -> Result<Option<Uuid>, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT id FROM terminal_pass
         WHERE pass_hash = $1 AND terminal_id = $2 AND account_id = $3
           AND expires_at > slipway_now()",
        hash,
        terminal.0,
        account.0,
    );
    Ok(found.fetch_optional(connection).await?)
}

pub async fn insert_visit(
    connection: &mut PgConnection,
    pass: Uuid,
    address: Option<IpAddr>,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO terminal_visit (pass_id, address) VALUES ($1, $2::text::inet)",
        pass,
        address.map(|a| a.to_string()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes this process the one that holds it; false if another does, or did.
pub async fn start(
    connection: &mut PgConnection,
    id: TerminalId,
    holder: &Holder,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE terminal SET started_at = slipway_now(), replica = $2, inner_url = $3,
            alive_until = slipway_now() + interval '30 seconds'
         WHERE id = $1 AND started_at IS NULL AND ended_at IS NULL",
        id.0,
        holder.replica,
        holder.url,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The process that holds it, or did.
pub async fn holder(connection: &mut PgConnection, id: TerminalId) -> Result<Holder, DbError> {
    let row = sqlx::query!(
        "SELECT replica, inner_url FROM terminal WHERE id = $1",
        id.0
    );
    let row = row.fetch_one(connection).await?;
    Ok(Holder {
        replica: row.replica,
        url: row.inner_url,
    })
}

pub async fn keep_alive(
    executor: impl PgExecutor<'_>,
    ids: &[Uuid],
    replica: Uuid,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE terminal SET alive_until = slipway_now() + interval '30 seconds'
         WHERE id = ANY($1) AND replica = $2 AND ended_at IS NULL
           AND alive_until < slipway_now() + interval '20 seconds'",
        ids,
        replica,
    )
    .execute(executor)
    .await?;
    Ok(())
}

/// Those of the terminals whose end is on record, though this process holds their shells.
pub async fn ended(executor: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<Uuid>, DbError> {
    let ended = sqlx::query_scalar!(
        "SELECT id FROM terminal WHERE id = ANY($1) AND ended_at IS NOT NULL",
        ids,
    );
    Ok(ended.fetch_all(executor).await?)
}

/// All that a shell ever showed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Output {
    pub bytes: u64,
    /// SHA-256 of what is recorded of it, where that is whole.
    pub hash: Option<[u8; 32]>,
}

/// False if its end is on record already.
pub async fn end(
    connection: &mut PgConnection,
    id: TerminalId,
    ended: Ended,
    output: &Output,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE terminal SET ended_at = slipway_now(), ending = $2, exit_code = $3,
            output_bytes = $4, output_hash = $5
         WHERE id = $1 AND ended_at IS NULL",
        id.0,
        ended.ending.as_str(),
        ended.exit_code,
        i64::try_from(output.bytes).unwrap_or(i64::MAX),
        output.hash.as_ref().map(|hash| &hash[..]),
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends what was never begun, and what was held by a process that gives no sign of life.
pub async fn end_lost(connection: &mut PgConnection) -> Result<Vec<(Uuid, Uuid, Ending)>, DbError> {
    let rows = sqlx::query!(
        r#"UPDATE terminal SET ended_at = slipway_now(),
            ending = CASE WHEN started_at IS NULL THEN 'unused' ELSE 'portal-lost' END
           WHERE ended_at IS NULL AND alive_until < slipway_now()
           RETURNING id, project_id, ending AS "ending!: Ending""#
    );
    let rows = rows.fetch_all(connection).await?;
    Ok(rows
        .into_iter()
        .map(|r| (r.id, r.project_id, r.ending))
        .collect())
}

/// A person of this name, to be let in.
pub async fn account(
    executor: impl PgExecutor<'_>,
    name: &str,
) -> Result<Option<AccountId>, DbError> {
    let found = sqlx::query_scalar!(
        r#"SELECT id AS "id: AccountId" FROM account
           WHERE name = $1 AND disabled_at IS NULL AND responsible_id IS NULL"#,
        name,
    );
    Ok(found.fetch_optional(executor).await?)
}

pub async fn insert_guest(
    connection: &mut PgConnection,
    terminal: TerminalId,
    account: AccountId,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO terminal_guest (id, terminal_id, account_id) VALUES ($1, $2, $3)",
        Uuid::now_v7(),
        terminal.0,
        account.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn give_keyboard(
    connection: &mut PgConnection,
    terminal: TerminalId,
    types: bool,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE terminal_guest SET types = $2 WHERE terminal_id = $1 AND ended_at IS NULL",
        terminal.0,
        types,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn end_guest(connection: &mut PgConnection, terminal: TerminalId) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE terminal_guest SET ended_at = slipway_now(), types = false
         WHERE terminal_id = $1 AND ended_at IS NULL",
        terminal.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Who was let into which of these terminals.
pub async fn guests(
    executor: impl PgExecutor<'_>,
    terminals: &[Uuid],
) -> Result<Vec<(TerminalId, Guest)>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT g.terminal_id AS "terminal: TerminalId", g.account_id AS "account: AccountId",
            a.name, a.display_name, g.types
           FROM terminal_guest g JOIN account a ON a.id = g.account_id
           WHERE g.terminal_id = ANY($1) AND g.ended_at IS NULL"#,
        terminals,
    );
    let rows = rows.fetch_all(executor).await?.into_iter();
    let guest = |account, name, display_name, types| Guest {
        account,
        person: Person { name, display_name },
        types,
    };
    let rows = rows.map(|r| {
        (
            r.terminal,
            guest(r.account, r.name, r.display_name, r.types),
        )
    });
    Ok(rows.collect())
}

/// Terminals that somebody was let into and that are not over, the newest first.
pub async fn invitations(
    executor: impl PgExecutor<'_>,
    account: AccountId,
    limit: i64,
) -> Result<Vec<Invitation>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT t.id AS "terminal: TerminalId", t.pod, p.key AS project,
            p.id AS "project_id: ProjectId", a.display_name AS owner, g.invited_at
           FROM terminal_guest g JOIN terminal t ON t.id = g.terminal_id
           JOIN project p ON p.id = t.project_id JOIN account a ON a.id = t.account_id
           WHERE g.account_id = $1 AND g.ended_at IS NULL AND t.ended_at IS NULL
           ORDER BY g.invited_at DESC LIMIT $2"#,
        account.0,
        limit,
    );
    let rows = rows.fetch_all(executor).await?.into_iter();
    let invitation = rows.map(|r| Invitation {
        terminal: r.terminal,
        pod: r.pod,
        project: r.project,
        project_id: r.project_id,
        owner: r.owner,
        since: jiff_sqlx::Timestamp::to_jiff(r.invited_at),
    });
    Ok(invitation.collect())
}

/// Pieces of any number of recordings, in one statement.
pub async fn insert_chunks(pool: &PgPool, chunks: &[NewChunk<'_>]) -> Result<(), DbError> {
    let terminals: Vec<Uuid> = chunks.iter().map(|c| c.terminal).collect();
    let sequences: Vec<i32> = chunks.iter().map(|c| c.sequence).collect();
    let until: Vec<i64> = chunks.iter().map(|c| c.until_ms).collect();
    let frames: Vec<&[u8]> = chunks.iter().map(|c| c.frames).collect();
    sqlx::query!(
        "INSERT INTO recording_chunk (terminal_id, sequence, until_ms, frames)
         SELECT * FROM unnest($1::uuid[], $2::integer[], $3::bigint[], $4::bytea[])",
        &terminals,
        &sequences,
        &until,
        &frames as &[&[u8]],
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Pieces after one, in order. One that was written twice, because the first answer was lost, is
/// read as it was written last, which holds all of the first.
pub async fn chunks(
    executor: impl PgExecutor<'_>,
    terminal: TerminalId,
    after: i32,
    limit: i64,
) -> Result<Vec<(i32, Vec<u8>)>, DbError> {
    let rows = sqlx::query!(
        "SELECT DISTINCT ON (sequence) sequence, frames FROM recording_chunk
         WHERE terminal_id = $1 AND sequence > $2
         ORDER BY sequence, at DESC LIMIT $3",
        terminal.0,
        after,
        limit,
    );
    let rows = rows.fetch_all(executor).await?;
    Ok(rows.into_iter().map(|r| (r.sequence, r.frames)).collect())
}

/// Takes away the recordings of before so many days, and names their months.
pub async fn let_recordings_go(
    connection: &mut PgConnection,
    days: i32,
) -> Result<Vec<String>, DbError> {
    let gone = sqlx::query_scalar!(r#"SELECT slipway_let_recordings_go($1) AS "gone!""#, days);
    Ok(gone.fetch_one(connection).await?)
}

/// Takes away passes that nobody can come by any more; gives how many.
pub async fn let_passes_go(executor: impl PgExecutor<'_>) -> Result<i64, DbError> {
    let gone = sqlx::query_scalar!(r#"SELECT slipway_let_passes_go() AS "gone!""#);
    Ok(gone.fetch_one(executor).await?)
}

/// Passes that this person asked for within so many seconds.
pub async fn count_passes(
    executor: impl PgExecutor<'_>,
    account: AccountId,
    seconds: f64,
) -> Result<i64, DbError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM terminal_pass
           WHERE account_id = $1 AND created_at > slipway_now() - make_interval(secs => $2)"#,
        account.0,
        seconds,
    );
    Ok(count.fetch_one(executor).await?)
}

/// Terminals, the newest first.
pub async fn select(
    executor: impl PgExecutor<'_>,
    filter: &Filter,
) -> Result<Vec<Terminal>, DbError> {
    let (me, projects) = filter.visible.clone().unzip();
    let rows = sqlx::query!(
        r#"SELECT t.id AS "id: TerminalId", t.account_id AS "account_id: AccountId",
            a.name AS user, a.display_name, t.project_id AS "project_id: ProjectId",
            p.key AS project, t.workload_id AS "workload_id: WorkloadId", w.component,
            t.environment_id, e.key AS environment, e.shell_by_request,
            t.tier AS "tier: Tier", t.cluster_id, c.key AS cluster, c.site,
            t.namespace, t.pod, t.pod_uid, t.container, t.debug_image, t.debug_target, t.reason,
            t.strict, t.opened_at, t.started_at,
            t.ends_at, t.ended_at, t.ending AS "ending: Ending", t.exit_code, t.output_bytes,
            t.output_hash, t.replica,
            (SELECT max(until_ms) FROM recording_chunk r WHERE r.terminal_id = t.id)
                AS recorded_ms,
            g.account_id AS "guest?: AccountId", ga.name AS "guest_name?",
            ga.display_name AS "guest_display_name?", g.types AS "guest_types?"
           FROM terminal t
           JOIN account a ON a.id = t.account_id
           LEFT JOIN terminal_guest g
                ON g.terminal_id = t.id AND g.ended_at IS NULL AND t.ended_at IS NULL
           LEFT JOIN account ga ON ga.id = g.account_id
           JOIN project p ON p.id = t.project_id
           JOIN workload w ON w.id = t.workload_id
           JOIN environment e ON e.id = t.environment_id
           JOIN cluster c ON c.id = t.cluster_id
           WHERE ($1::uuid IS NULL OR t.id = $1)
             AND ($2::uuid IS NULL OR t.account_id = $2 OR t.project_id = ANY($3))
             AND ($4::text IS NULL OR p.key = $4)
             AND ($5::text IS NULL OR e.key = $5)
             AND ($6::text IS NULL OR starts_with(t.pod, $6))
             AND ($7::text IS NULL OR a.name = $7)
             AND (NOT $8 OR t.ended_at IS NULL)
             AND ($9::timestamptz IS NULL OR t.opened_at >= $9)
             AND ($10::timestamptz IS NULL OR t.opened_at < $10)
             AND ($11::uuid IS NULL OR t.id < $11)
           ORDER BY t.id DESC LIMIT $12"#,
        filter.id.map(|id| id.0),
        me.map(|id| id.0),
        &projects.unwrap_or_default(),
        filter.project,
        filter.environment,
        filter.pod,
        filter.account,
        filter.open,
        filter.from.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        filter.to.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        filter.before.map(|id| id.0),
        filter.limit,
    )
    .fetch_all(executor)
    .await?;
    let terminal = rows.into_iter().map(|r| Terminal {
        id: r.id,
        account_id: r.account_id,
        person: Person {
            name: r.user,
            display_name: r.display_name,
        },
        project_id: r.project_id,
        project: r.project,
        workload: r.workload_id,
        component: r.component,
        environment_id: crate::clusters::EnvironmentId(r.environment_id),
        environment: r.environment,
        by_request: r.shell_by_request,
        tier: r.tier,
        cluster_id: crate::clusters::ClusterId(r.cluster_id),
        cluster: r.cluster,
        site: r.site,
        namespace: r.namespace,
        pod: r.pod,
        pod_uid: r.pod_uid,
        container: r.container,
        debug: r
            .debug_image
            .zip(r.debug_target)
            .map(|(image, target)| DebugContainer { image, target }),
        reason: r.reason,
        strict: r.strict,
        opened_at: r.opened_at.to_jiff(),
        started_at: r.started_at.map(jiff_sqlx::Timestamp::to_jiff),
        ends_at: r.ends_at.to_jiff(),
        ended_at: r.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
        ending: r.ending,
        exit_code: r.exit_code,
        guest: r.guest.map(|account| Guest {
            account,
            person: Person {
                name: r.guest_name.unwrap_or_default(),
                display_name: r.guest_display_name.unwrap_or_default(),
            },
            types: r.guest_types.unwrap_or_default(),
        }),
        output_bytes: r.output_bytes,
        output_sha256: r.output_hash.map(hex::encode),
        recorded_ms: r.recorded_ms,
        replica: r.replica,
    });
    Ok(terminal.collect())
}
