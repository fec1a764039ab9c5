//! Rows that other people would have made by hand: outside systems, a language, a project.

use serde_json::{Value, json};
use uuid::Uuid;

use super::Portal;

/// One connection of each kind, and the language `java`.
pub async fn outside(portal: &Portal) {
    for kind in ["gitlab", "jenkins", "registry"] {
        sqlx::query("INSERT INTO connection (id, key, kind, url) VALUES ($1, $2, $2, $3)")
            .bind(Uuid::now_v7())
            .bind(kind)
            .bind(format!("http://{kind}.example"))
            .execute(&portal.db.owner)
            .await
            .unwrap();
    }
    sqlx::query(
        "INSERT INTO language (key, jenkins_id, template_job)
         SELECT 'java', id, 'templates/java' FROM connection WHERE kind = 'jenkins'",
    )
    .execute(&portal.db.owner)
    .await
    .unwrap();
}

/// A project with one member, as if it had been onboarded long ago.
pub async fn project(portal: &Portal, key: &str, member: &str, role: &str) -> Uuid {
    let id = Uuid::now_v7();
    sqlx::query(
        "INSERT INTO project (id, key, description, language, gitlab_id, registry_id, repository,
            deploy_path, log_path, start_command, stop_command, health_path, port)
         SELECT $1, $2, 'Takes payments', 'java', g.id, r.id, 'payments/' || $2, '/opt/x',
            '/var/log/x', 'start', 'stop', '/healthz', 8080
         FROM connection g, connection r WHERE g.kind = 'gitlab' AND r.kind = 'registry'",
    )
    .bind(id)
    .bind(key)
    .execute(&portal.db.owner)
    .await
    .unwrap();
    self::member(portal, key, member, role).await;
    id
}

/// Makes somebody a member of a project.
pub async fn member(portal: &Portal, project: &str, name: &str, role: &str) {
    let done = sqlx::query(
        "INSERT INTO membership (project_id, account_id, role)
         SELECT p.id, a.id, $3 FROM project p, account a WHERE p.key = $1 AND a.name = $2",
    )
    .bind(project)
    .bind(name)
    .bind(role)
    .execute(&portal.db.owner)
    .await
    .unwrap();
    assert_eq!(done.rows_affected(), 1, "{name} in {project}");
}

/// What an onboarding request asks for.
pub fn onboarding(key: &str) -> Value {
    json!({
        "key": key, "description": "Finds things", "language": "java",
        "repository": "shop/search-api", "owners": ["dev"], "testers": ["tess"],
        "deploy_path": "/opt/search", "log_path": "/var/log/search",
        "start_command": "bin/start", "stop_command": "bin/stop",
        "health_path": "/healthz", "port": 8080,
    })
}
