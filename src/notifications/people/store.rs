//! The SQL of what people want to be told by mail.

use jiff::civil::Time;
use jiff_sqlx::ToSqlx as _;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{Reader, Wishes};
use crate::db::DbError;
use crate::identity::AccountId;
use crate::news::{Happening, News};
use crate::requests;
use crate::web::text::Locale;

/// Those who want to be told of this, may know of it, and did not do it themselves: a project's
/// members, and whoever a request asks or has heard. Nobody, while there is no server for
/// people's own mail.
pub async fn readers(
    connection: &mut PgConnection,
    news: &News,
    for_everybody: bool,
) -> Result<Vec<Reader>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT p.lane_id, p.quiet_from AS "quiet_from: jiff_sqlx::Time",
            p.quiet_to AS "quiet_to: jiff_sqlx::Time", p.time_zone, p.breaks_through
           FROM notice_person p JOIN account a ON a.id = p.account_id AND a.disabled_at IS NULL
           WHERE $1 = ANY(p.events) AND p.account_id IS DISTINCT FROM $3
             AND EXISTS (SELECT 1 FROM notice_channel c
                WHERE c.kind = 'mail' AND (c.config -> 'for_people') = 'true')
             AND ($4 OR EXISTS (SELECT 1 FROM membership m WHERE m.account_id = p.account_id
                    AND m.project_id = $2
                    AND (m.expires_at IS NULL OR m.expires_at > slipway_now()))
                OR ($2::uuid IS NULL AND EXISTS (SELECT 1 FROM platform_role r
                    WHERE r.account_id = p.account_id
                      AND (r.expires_at IS NULL OR r.expires_at > slipway_now())))
                OR request_concerns($5, p.account_id, $6))"#,
        news.happening.as_str(),
        news.project,
        news.actor,
        for_everybody,
        news.request,
        requests::roles(),
    )
    .fetch_all(connection)
    .await?;
    let reader = rows.into_iter().map(|r| Reader {
        lane: r.lane_id,
        quiet: r
            .quiet_from
            .map(jiff_sqlx::Time::to_jiff)
            .zip(r.quiet_to.map(jiff_sqlx::Time::to_jiff)),
        time_zone: r.time_zone,
        breaks_through: r.breaks_through,
    });
    Ok(reader.collect())
}

/// Drops what waits for somebody who may not know of it any more.
pub async fn drop_unseen(
    connection: &mut PgConnection,
    lane: Uuid,
    everybodys: &[String],
) -> Result<(), DbError> {
    sqlx::query!(
        "DELETE FROM notice_delivery d USING notice_person p
         WHERE d.lane_id = $1 AND p.lane_id = $1 AND d.state = 'waiting' AND d.batch_id IS NULL
           AND NOT (d.news ->> 'happening') = ANY($2)
           AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.account_id = p.account_id
                AND m.project_id = (d.news ->> 'project')::uuid
                AND (m.expires_at IS NULL OR m.expires_at > slipway_now()))
           AND NOT (d.news ->> 'project' IS NULL AND EXISTS (SELECT 1 FROM platform_role r
                WHERE r.account_id = p.account_id
                  AND (r.expires_at IS NULL OR r.expires_at > slipway_now())))
           AND NOT COALESCE(
                request_concerns((d.news ->> 'request')::bigint, p.account_id, $3), false)",
        lane,
        everybodys,
        requests::roles(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Where somebody's own mail goes, and in which language they read.
pub async fn address(
    executor: impl PgExecutor<'_>,
    lane: Uuid,
) -> Result<Option<(String, Option<Locale>)>, DbError> {
    let row = sqlx::query!(
        r#"SELECT p.address, a.locale AS "locale: Locale"
           FROM notice_person p JOIN account a ON a.id = p.account_id AND a.disabled_at IS NULL
           WHERE p.lane_id = $1"#,
        lane,
    );
    let row = row.fetch_optional(executor).await?;
    Ok(row.map(|r| (r.address, r.locale)))
}

pub async fn find(
    executor: impl PgExecutor<'_>,
    account: AccountId,
) -> Result<Option<(Uuid, Wishes)>, DbError> {
    let row = sqlx::query!(
        r#"SELECT lane_id, address, events, quiet_from AS "quiet_from: jiff_sqlx::Time",
            quiet_to AS "quiet_to: jiff_sqlx::Time", time_zone, breaks_through
           FROM notice_person WHERE account_id = $1"#,
        account.0,
    );
    let Some(row) = row.fetch_optional(executor).await? else {
        return Ok(None);
    };
    let time = |t: Option<jiff_sqlx::Time>| t.map(jiff_sqlx::Time::to_jiff);
    let text = |t: Time| t.strftime("%H:%M").to_string();
    let events = row.events.iter().filter_map(|e| Happening::parse(e));
    let wishes = Wishes {
        address: row.address,
        events: events.collect(),
        quiet_from: time(row.quiet_from).map(text),
        quiet_to: time(row.quiet_to).map(text),
        time_zone: row.time_zone,
        breaks_through: row.breaks_through,
    };
    Ok(Some((row.lane_id, wishes)))
}

pub async fn put(
    connection: &mut PgConnection,
    account: AccountId,
    lane: Uuid,
    wishes: &Wishes,
    quiet: Option<(Time, Time)>,
) -> Result<(), DbError> {
    let events: Vec<String> = wishes.events.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "INSERT INTO notice_person (account_id, lane_id, address, events, quiet_from, quiet_to,
            time_zone, breaks_through)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT ON CONSTRAINT notice_person_pkey DO UPDATE SET address = excluded.address,
            events = excluded.events, quiet_from = excluded.quiet_from,
            quiet_to = excluded.quiet_to, time_zone = excluded.time_zone,
            breaks_through = excluded.breaks_through, updated_at = slipway_now()",
        account.0,
        lane,
        wishes.address,
        &events,
        quiet.map(|q| q.0.to_sqlx()) as Option<jiff_sqlx::Time>,
        quiet.map(|q| q.1.to_sqlx()) as Option<jiff_sqlx::Time>,
        wishes.time_zone,
        wishes.breaks_through,
    )
    .execute(connection)
    .await?;
    Ok(())
}
