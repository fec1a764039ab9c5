//! The SQL of layers.

use serde_json::{Value, json};
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{Kind, Layer, Lock, Name, NewRevision, Place, Revision, Row};
use crate::db::DbError;
use crate::standards::versions::{self, SCHEMA_VERSION};

/// The number under which PostgreSQL knows the lock on all layers together.
const LAYERS: i64 = 0x1a_7e_25;

/// The stored layers over a place, uppermost first.
pub async fn over(connection: &mut PgConnection, place: &Place) -> Result<Vec<Layer>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT l.kind AS "kind: Kind", l.key, l.revision, r.document,
            r.schema_version, r.locks AS "locks: Json<Vec<Lock>>"
           FROM layer l
           JOIN layer_revision r ON r.layer_id = l.id AND r.number = l.revision
           WHERE l.kind = 'platform' OR (l.kind = 'language' AND l.key = $1)
             OR (l.kind = 'environment' AND l.key = $2) OR (l.kind = 'project' AND l.key = $3)
           ORDER BY array_position(
                '{platform,language,environment,project}'::text[], l.kind)"#,
        place.language,
        place.environment,
        place.project,
    )
    .fetch_all(connection)
    .await?;
    let layers = rows.into_iter().map(|r| {
        let name = Name::new(r.kind, &r.key);
        Layer {
            document: versions::layer(r.schema_version, &name, r.document),
            name,
            revision: r.revision,
            locks: r.locks.0,
        }
    });
    Ok(layers.collect())
}

/// All layers as they are now, uppermost first.
///
/// # Errors
/// No answer from the database.
pub async fn newest(connection: &mut PgConnection) -> Result<Vec<Layer>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT l.kind AS "kind: Kind", l.key, l.revision, r.document,
            r.schema_version, r.locks AS "locks: Json<Vec<Lock>>"
           FROM layer l
           JOIN layer_revision r ON r.layer_id = l.id AND r.number = l.revision
           ORDER BY array_position(
                '{platform,language,environment,project}'::text[], l.kind), l.key"#
    )
    .fetch_all(connection)
    .await?;
    let layers = rows.into_iter().map(|r| {
        let name = Name::new(r.kind, &r.key);
        Layer {
            document: versions::layer(r.schema_version, &name, r.document),
            name,
            revision: r.revision,
            locks: r.locks.0,
        }
    });
    Ok(layers.collect())
}

/// Keeps every layer as it is until the transaction ends; many may do so at once.
///
/// # Errors
/// No answer from the database.
pub async fn hold(connection: &mut PgConnection) -> Result<(), DbError> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock_shared($1)::text AS held",
        LAYERS
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// Waits until nobody holds the layers, and lets nobody in until the transaction ends.
///
/// # Errors
/// No answer from the database.
pub async fn take(connection: &mut PgConnection) -> Result<(), DbError> {
    sqlx::query!("SELECT pg_advisory_xact_lock($1)::text AS taken", LAYERS)
        .fetch_one(connection)
        .await?;
    Ok(())
}

/// Stores the next revision of a layer; its id and number.
///
/// # Errors
/// No answer from the database.
pub async fn revise(
    connection: &mut PgConnection,
    new: &NewRevision<'_>,
) -> Result<(Uuid, i32), DbError> {
    let layer = sqlx::query!(
        "INSERT INTO layer (kind, key) VALUES ($1, $2)
         ON CONFLICT (kind, key) DO UPDATE SET revision = layer.revision + 1
         RETURNING id, revision",
        new.name.kind.as_str(),
        new.name.key,
    )
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO layer_revision
            (layer_id, number, schema_version, document, locks, author_id, note, request_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        layer.id,
        layer.revision,
        SCHEMA_VERSION,
        new.document,
        Json(new.locks) as _,
        new.author,
        new.note,
        new.request,
    )
    .execute(connection)
    .await?;
    Ok((layer.id, layer.revision))
}

/// Every layer that there is or could be, with how many workloads it reaches.
pub async fn overview(executor: impl PgExecutor<'_>) -> Result<Vec<Row>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT k.kind AS "kind!: Kind", k.key AS "key!", l.revision AS "revision?",
            r.document AS "document?", r.schema_version AS "schema_version?",
            r.locks AS "locks?: Json<Vec<Lock>>",
            r.created_at AS "at?", a.display_name AS "by?",
            (SELECT count(*) FROM workload w
             JOIN project p ON p.id = w.project_id JOIN environment e ON e.id = w.environment_id
             WHERE k.key = CASE k.kind WHEN 'platform' THEN '' WHEN 'language' THEN p.language
                WHEN 'environment' THEN e.key ELSE p.key END) AS "reach!"
           FROM (SELECT kind, key FROM layer UNION SELECT 'language', key FROM language
                UNION SELECT 'environment', key FROM environment) k
           LEFT JOIN layer l ON l.kind = k.kind AND l.key = k.key
           LEFT JOIN layer_revision r ON r.layer_id = l.id AND r.number = l.revision
           LEFT JOIN account a ON a.id = r.author_id
           ORDER BY array_position(
                '{platform,language,environment,project}'::text[], k.kind), k.key"#
    )
    .fetch_all(executor)
    .await?;
    let document = |name: &Name, version: Option<i32>, document: Option<Value>| match document {
        Some(document) => versions::layer(version.unwrap_or(1), name, document),
        None => json!({}),
    };
    let rows = rows.into_iter().map(|r| Row {
        document: document(&Name::new(r.kind, &r.key), r.schema_version, r.document),
        name: Name::new(r.kind, &r.key),
        revision: r.revision.unwrap_or(0),
        locks: r.locks.map(|l| l.0).unwrap_or_default(),
        at: r.at.map(jiff_sqlx::Timestamp::to_jiff),
        by: r.by,
        reach: r.reach,
    });
    Ok(rows.collect())
}

/// Whether there is what a layer would be about.
pub async fn is_place(connection: &mut PgConnection, name: &Name) -> Result<bool, DbError> {
    let found = sqlx::query_scalar!(
        r#"SELECT CASE $1::text WHEN 'platform' THEN $2::text = ''
            WHEN 'language' THEN EXISTS (SELECT 1 FROM language WHERE key = $2)
                OR EXISTS (SELECT 1 FROM layer WHERE kind = $1 AND key = $2)
            WHEN 'environment' THEN EXISTS (SELECT 1 FROM environment WHERE key = $2)
            WHEN 'project' THEN EXISTS (SELECT 1 FROM project WHERE key = $2)
            ELSE false END AS "found!""#,
        name.kind.as_str(),
        name.key,
    );
    Ok(found.fetch_one(connection).await?)
}

/// What a layer said at each time, the newest first.
pub async fn revisions(
    executor: impl PgExecutor<'_>,
    name: &Name,
) -> Result<Vec<Revision>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT r.number, r.document, r.schema_version, r.locks AS "locks: Json<Vec<Lock>>",
            r.note, r.created_at,
            a.display_name AS "by?", q.number AS "request?"
           FROM layer l JOIN layer_revision r ON r.layer_id = l.id
           LEFT JOIN account a ON a.id = r.author_id
           LEFT JOIN request q ON q.id = r.request_id
           WHERE l.kind = $1 AND l.key = $2 ORDER BY r.number DESC LIMIT 50"#,
        name.kind.as_str(),
        name.key,
    )
    .fetch_all(executor)
    .await?;
    let revisions = rows.into_iter().map(|r| Revision {
        number: r.number,
        document: versions::layer(r.schema_version, name, r.document),
        schema_version: r.schema_version,
        locks: r.locks.0,
        note: r.note,
        at: r.created_at.to_jiff(),
        by: r.by,
        request: r.request,
    });
    Ok(revisions.collect())
}
