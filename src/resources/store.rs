//! The SQL of resources.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{Address, Kind, Place, Resource, ResourceId, State};
use crate::clusters::EnvironmentId;
use crate::db::DbError;
use crate::identity::ProjectId;

/// What a list is narrowed to. Without a state, what is retired is left out.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// `None` sees all projects.
    pub visible: Option<Vec<Uuid>>,
    pub id: Option<ResourceId>,
    pub number: Option<i64>,
    /// In lower case.
    pub text: String,
    pub place: Option<Place>,
    pub kind: Option<Kind>,
    pub state: Option<State>,
    pub project: Option<String>,
    pub environment: Option<String>,
    pub site: Option<String>,
    pub label: Option<String>,
    /// The number of the row to go on after, in the order of names.
    pub after: Option<i64>,
    pub limit: i64,
}

pub async fn find(
    executor: impl PgExecutor<'_>,
    id: ResourceId,
) -> Result<Option<Resource>, DbError> {
    let filter = Filter {
        id: Some(id),
        limit: 1,
        ..Filter::default()
    };
    Ok(list(executor, &filter).await?.pop())
}

pub async fn find_by_number(
    executor: impl PgExecutor<'_>,
    number: i64,
) -> Result<Option<Resource>, DbError> {
    let filter = Filter {
        number: Some(number),
        limit: 1,
        ..Filter::default()
    };
    Ok(list(executor, &filter).await?.pop())
}

/// The number of what a request asked for, unless it is retired.
pub async fn made_by(executor: impl PgExecutor<'_>, request: Uuid) -> Result<Option<i64>, DbError> {
    let number = sqlx::query_scalar!(
        "SELECT number FROM resource WHERE request_id = $1 AND state <> 'retired'",
        request,
    );
    Ok(number.fetch_optional(executor).await?)
}

/// The searched network or host, and the searched name; one of them at most.
fn searched(place: Option<&Place>) -> (Option<String>, Option<&str>) {
    match place {
        Some(Place::Name(name)) => (None, Some(name)),
        Some(place @ (Place::Host(_) | Place::Network(..))) => (Some(place.to_string()), None),
        None => (None, None),
    }
}

/// In the order of names.
pub async fn list(
    executor: impl PgExecutor<'_>,
    filter: &Filter,
) -> Result<Vec<Resource>, DbError> {
    let (network, name) = searched(filter.place.as_ref());
    let found = sqlx::query_as!(
        StoredRow,
        r#"SELECT r.id AS "id: ResourceId", r.number, r.kind AS "kind: Kind", r.name,
            r.project_id AS "project_id: ProjectId", p.key AS project,
            e.key AS "environment?", r.site, r.size, r.labels, r.keeper, r.note,
            r.state AS "state: State", q.number AS "request?",
            r.active_at AS "active_at: jiff_sqlx::Timestamp",
            r.created_at AS "created_at: jiff_sqlx::Timestamp",
            r.retired_at AS "retired_at: jiff_sqlx::Timestamp", r.retired_why,
            ARRAY(SELECT resource_address_text(a.host, a.network, a.name, a.port)
                FROM resource_address a WHERE a.resource_id = r.id
                ORDER BY a.position) AS "addresses!: Vec<String>",
            ARRAY(SELECT o.key FROM resource_use u JOIN project o ON o.id = u.project_id
                WHERE u.resource_id = r.id ORDER BY o.key) AS "used_by!: Vec<String>",
            ARRAY(SELECT u.project_id FROM resource_use u
                WHERE u.resource_id = r.id) AS "users!: Vec<Uuid>"
           FROM resource r JOIN project p ON p.id = r.project_id
           LEFT JOIN environment e ON e.id = r.environment_id
           LEFT JOIN request q ON q.id = r.request_id
           WHERE ($1::uuid IS NULL OR r.id = $1) AND ($2::bigint IS NULL OR r.number = $2)
             AND ($3::uuid[] IS NULL OR r.project_id = ANY($3) OR EXISTS (
                SELECT 1 FROM resource_use u
                WHERE u.resource_id = r.id AND u.project_id = ANY($3)))
             AND ($4::text IS NULL OR r.kind = $4)
             AND CASE WHEN $5::text IS NOT NULL THEN r.state = $5
                ELSE r.state <> 'retired' OR $1 IS NOT NULL OR $2 IS NOT NULL END
             AND ($6::text IS NULL OR p.key = $6 OR EXISTS (
                SELECT 1 FROM resource_use u JOIN project o ON o.id = u.project_id
                WHERE u.resource_id = r.id AND o.key = $6))
             AND ($7::text IS NULL OR e.key = $7) AND ($8::text IS NULL OR r.site = $8)
             AND ($9::text IS NULL OR $9 = ANY(r.labels)) AND (
                ($10 = '' AND $11::text IS NULL AND $12::text IS NULL)
                OR ($10 <> '' AND (strpos(lower(r.name), $10) > 0
                    OR strpos(lower(r.note), $10) > 0 OR strpos(lower(r.keeper), $10) > 0
                    OR strpos(p.key, $10) > 0 OR $10 = ANY(r.labels)))
                OR EXISTS (SELECT 1 FROM resource_address a
                    WHERE a.resource_id = r.id AND (
                        a.host <<= $11::text::inet OR a.network >>= $11::text::inet
                        OR a.network <<= $11::text::inet
                        OR ($10 <> '' AND strpos(a.name, $10) > 0)
                        OR a.name = $12 OR right(a.name, length($12) + 1) = '.' || $12
                        OR right('.' || $12, length(regexp_replace(a.name, '^\*\.', '')) + 1)
                            = '.' || regexp_replace(a.name, '^\*\.', ''))))
             AND ($13::bigint IS NULL OR (r.name, r.number) > (
                SELECT o.name, o.number FROM resource o WHERE o.number = $13))
           ORDER BY r.name, r.number LIMIT $14"#,
        filter.id.map(|i| i.0),
        filter.number,
        filter.visible.as_deref(),
        filter.kind.map(Kind::as_str),
        filter.state.map(State::as_str),
        filter.project,
        filter.environment,
        filter.site,
        filter.label,
        filter.text,
        network,
        name,
        filter.after,
        filter.limit,
    );
    let rows = found.fetch_all(executor).await?;
    rows.into_iter().map(Resource::try_from).collect()
}

/// A resource as the statement above reads it.
struct StoredRow {
    id: ResourceId,
    number: i64,
    kind: Kind,
    name: String,
    project_id: ProjectId,
    project: String,
    environment: Option<String>,
    site: String,
    size: Value,
    labels: Vec<String>,
    keeper: String,
    note: String,
    state: State,
    request: Option<i64>,
    created_at: jiff_sqlx::Timestamp,
    active_at: Option<jiff_sqlx::Timestamp>,
    retired_at: Option<jiff_sqlx::Timestamp>,
    retired_why: Option<String>,
    addresses: Vec<String>,
    used_by: Vec<String>,
    users: Vec<Uuid>,
}

impl TryFrom<StoredRow> for Resource {
    type Error = DbError;

    fn try_from(row: StoredRow) -> Result<Self, DbError> {
        let read = |text: &String| {
            let wrong = || DbError::Row(format!("{text} is no address"));
            Address::parse(text).ok_or_else(wrong)
        };
        let addresses: Result<_, DbError> = row.addresses.iter().map(read).collect();
        Ok(Self {
            id: row.id,
            number: row.number,
            kind: row.kind,
            name: row.name,
            project: row.project,
            project_id: row.project_id,
            environment: row.environment,
            site: row.site,
            size: row.size,
            addresses: addresses?,
            used_by: row.used_by,
            users: row.users.into_iter().map(ProjectId).collect(),
            labels: row.labels,
            keeper: row.keeper,
            note: row.note,
            state: row.state,
            request: row.request,
            created_at: row.created_at.to_jiff(),
            active_at: row.active_at.map(jiff_sqlx::Timestamp::to_jiff),
            retired_at: row.retired_at.map(jiff_sqlx::Timestamp::to_jiff),
            retired_why: row.retired_why,
            matched: None,
        })
    }
}

/// A row to be, or as it is to become.
pub struct Row<'a> {
    pub id: ResourceId,
    pub kind: Kind,
    pub name: &'a str,
    pub project: ProjectId,
    pub environment: Option<EnvironmentId>,
    pub site: &'a str,
    pub size: &'a Value,
    pub labels: &'a [String],
    pub keeper: &'a str,
    pub note: &'a str,
}

/// In use since a time; now where none is given.
pub async fn insert_active(
    connection: &mut PgConnection,
    row: &Row<'_>,
    since: Option<Timestamp>,
) -> Result<i64, DbError> {
    let since = since.map(jiff_sqlx::ToSqlx::to_sqlx);
    let number = sqlx::query_scalar!(
        "INSERT INTO resource (id, kind, name, project_id, environment_id, site, size, labels,
            keeper, note, state, active_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'active',
            COALESCE($11, slipway_now()))
         RETURNING number",
        row.id.0,
        row.kind.as_str(),
        row.name,
        row.project.0,
        row.environment.map(|e| e.0),
        row.site,
        row.size,
        row.labels,
        row.keeper,
        row.note,
        since as _,
    );
    Ok(number.fetch_one(connection).await?)
}

/// Approved and not made yet.
pub async fn insert_asked(
    connection: &mut PgConnection,
    row: &Row<'_>,
    request: Uuid,
) -> Result<i64, DbError> {
    let number = sqlx::query_scalar!(
        "INSERT INTO resource (id, kind, name, project_id, environment_id, size, note, state,
            request_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'asked', $8) RETURNING number",
        row.id.0,
        row.kind.as_str(),
        row.name,
        row.project.0,
        row.environment.map(|e| e.0),
        row.size,
        row.note,
        request,
    );
    Ok(number.fetch_one(connection).await?)
}

/// Everything but its kind and its state; false if it is retired.
pub async fn update(connection: &mut PgConnection, row: &Row<'_>) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "UPDATE resource SET name = $2, project_id = $3, environment_id = $4, site = $5,
            size = $6, labels = $7, keeper = $8, note = $9
         WHERE id = $1 AND state <> 'retired'",
        row.id.0,
        row.name,
        row.project.0,
        row.environment.map(|e| e.0),
        row.site,
        row.size,
        row.labels,
        row.keeper,
        row.note,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// From asked to active; the request that asked for it, `None` if it was not asked.
pub async fn made(
    connection: &mut PgConnection,
    id: ResourceId,
    site: &str,
    keeper: &str,
) -> Result<Option<Uuid>, DbError> {
    let request = sqlx::query_scalar!(
        r#"UPDATE resource SET state = 'active', active_at = slipway_now(), site = $2,
            keeper = $3
           WHERE id = $1 AND state = 'asked' RETURNING request_id AS "request!""#,
        id.0,
        site,
        keeper,
    );
    Ok(request.fetch_optional(connection).await?)
}

/// The request that asked for it, if it was not made yet; `None` if it was retired before.
pub async fn retire(
    connection: &mut PgConnection,
    id: ResourceId,
    why: &str,
) -> Result<Option<Option<Uuid>>, DbError> {
    let row = sqlx::query!(
        "UPDATE resource r SET state = 'retired', retired_at = slipway_now(), retired_why = $2
         FROM resource o WHERE r.id = $1 AND o.id = r.id AND r.state <> 'retired'
         RETURNING CASE WHEN o.state = 'asked' THEN o.request_id END AS request",
        id.0,
        why,
    );
    Ok(row.fetch_optional(connection).await?.map(|r| r.request))
}

pub async fn set_addresses(
    connection: &mut PgConnection,
    id: ResourceId,
    addresses: &[Address],
) -> Result<(), DbError> {
    let (mut hosts, mut networks, mut names) = (Vec::new(), Vec::new(), Vec::new());
    let mut ports = Vec::new();
    for address in addresses {
        let (host, network, name) = match &address.place {
            Place::Host(host) => (Some(host.to_string()), None, None),
            Place::Network(..) => (None, Some(address.place.to_string()), None),
            Place::Name(name) => (None, None, Some(name.clone())),
        };
        hosts.push(host);
        networks.push(network);
        names.push(name);
        ports.push(address.port.map(i32::from));
    }
    sqlx::query!("DELETE FROM resource_address WHERE resource_id = $1", id.0)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "INSERT INTO resource_address (resource_id, position, host, network, name, port)
         SELECT $1, n - 1, host::inet, network::cidr, name, port
         FROM unnest($2::text[], $3::text[], $4::text[], $5::int[])
            WITH ORDINALITY AS a (host, network, name, port, n)",
        id.0,
        &hosts as &[Option<String>],
        &networks as &[Option<String>],
        &names as &[Option<String>],
        &ports as &[Option<i32>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The projects of these keys use it, and no others.
pub async fn set_users(
    connection: &mut PgConnection,
    id: ResourceId,
    users: &[Uuid],
) -> Result<(), DbError> {
    sqlx::query!("DELETE FROM resource_use WHERE resource_id = $1", id.0)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "INSERT INTO resource_use (resource_id, project_id)
         SELECT $1, p.id FROM project p JOIN resource r ON r.id = $1
         WHERE p.id = ANY($2) AND p.id <> r.project_id",
        id.0,
        users,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Environments by rank, and sites, for forms and filters.
pub async fn choices(executor: impl PgExecutor<'_>) -> Result<(Vec<String>, Vec<String>), DbError> {
    let row = sqlx::query!(
        r#"SELECT (SELECT COALESCE(jsonb_agg(key ORDER BY rank, key), '[]') FROM environment)
                AS "environments!: Json<Vec<String>>",
            (SELECT COALESCE(jsonb_agg(site ORDER BY site), '[]') FROM (
                SELECT site FROM cluster UNION SELECT site FROM resource WHERE site <> '') s)
                AS "sites!: Json<Vec<String>>""#
    );
    let row = row.fetch_one(executor).await?;
    Ok((row.environments.0, row.sites.0))
}
