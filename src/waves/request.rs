//! The kind `layer`: a change of a standard, shown with everything that would follow from it.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::affected::{Affected, Outlook, outlook};
use super::{start_run, store};
use crate::app::App;
use crate::audit::{self, Entry};
use crate::db::Tx;
use crate::error::{AppError, FieldError, Words};
use crate::identity::{Actor, Permission, Scope};
use crate::requests::{
    self, Approved, Computed, Fact, Filing, Request, RequestKind, State, Work, schema_of,
};
use crate::standards::SCHEMA_VERSION;
use crate::standards::layers::{self, Name, NewRevision, Proposal, text};

/// Longest list of what a layer overrules, on the request's page.
const MOST_FACTS: usize = 30;

pub struct LayerChange;

#[async_trait]
impl RequestKind for LayerChange {
    fn name(&self) -> &'static str {
        "layer"
    }

    fn schema(&self) -> Value {
        schema_of::<Proposal>()
    }

    async fn compute(
        &self,
        _: &App,
        tx: &mut Tx,
        actor: &Actor,
        filing: &Filing,
    ) -> Result<Computed, AppError> {
        actor.must(self.right(), Scope::Platform)?;
        let proposal: Proposal = crate::parse::value(&filing.parameters, "parameters")?;
        proposal.check().map_err(named)?;
        if filing.note.trim().is_empty() {
            return Err(AppError::field("note", "layer-says-why"));
        }
        layers::hold(tx.connection()).await?;
        if !layers::is_place(tx.connection(), &proposal.layer).await? {
            return Err(AppError::field("parameters.layer.key", "layer-of-nothing"));
        }
        let outlook = outlook(tx, &proposal).await?;
        if outlook.said.is_empty() {
            return Err(AppError::field(
                "parameters.document",
                "layer-says-the-same",
            ));
        }
        let payload = serde_json::to_value(&proposal)
            .map_err(|e| AppError::Internal(format!("layer payload: {e}")))?;
        Ok(Computed {
            subject: proposal.layer.to_string(),
            project: None,
            environment: None,
            release: None,
            payload,
            computed: computed(&outlook),
        })
    }

    async fn recompute(&self, _: &App, tx: &mut Tx, request: &Request) -> Result<Value, AppError> {
        // From here on nobody else moves a layer, nor files containers over one.
        layers::take(tx.connection()).await?;
        let proposal: Proposal = crate::parse::value(&request.parameters, "parameters")?;
        Ok(computed(&outlook(tx, &proposal).await?))
    }

    async fn works(&self, app: &App, request: &Request) -> Result<Vec<Work>, AppError> {
        let found = store::of_request(app.db.pool(), request.id).await?;
        let work = |subject| Work {
            subject,
            place: String::new(),
        };
        Ok(found.map(work).into_iter().collect())
    }

    async fn approved(&self, _: &App, tx: &mut Tx, approved: &Approved) -> Result<(), AppError> {
        let request = &approved.request;
        let proposal: Proposal = crate::parse::value(&request.parameters, "parameters")?;
        let outlook = outlook(tx, &proposal).await?;
        let new = NewRevision {
            name: &proposal.layer,
            document: &proposal.document,
            locks: &proposal.locks,
            author: request.author_id,
            note: &request.note,
            request: request.id.0,
        };
        let (layer, number) = layers::revise(tx.connection(), &new).await?;
        let entry = Entry::done("layer.change", "layer", &proposal.layer)
            .after(json!({ "revision": number, "workloads": outlook.affected.len() }));
        audit::record(tx, &entry, &approved.origin).await?;
        for older in store::replace(tx.connection(), layer).await? {
            requests::finish(tx, older, false).await?;
        }
        if outlook.affected.is_empty() {
            requests::finish(tx, request.id, true).await?;
            return Ok(tx.event(super::TOPIC, None).await?);
        }
        let new = store::New {
            layer,
            number,
            request: request.id,
            author: request.author_id,
            pace: proposal.waves,
            items: in_waves(&outlook.affected, proposal.waves.size),
        };
        let id = store::insert(tx.connection(), &new).await?;
        Ok(start_run(tx, id, request.id.0).await?)
    }

    async fn rejected(&self, _: &App, _: &mut Tx, _: &Request) -> Result<(), AppError> {
        Ok(())
    }

    fn form(&self, request: &Request) -> Option<String> {
        Some(layer_of(request)?.path())
    }

    fn page(&self, request: &Request) -> Option<String> {
        let is_made = [State::Approved, State::Done, State::Failed].contains(&request.state);
        let rolls = is_made && request.computed["affected"] != 0;
        rolls.then(|| "/waves".to_owned())
    }

    fn right(&self) -> Permission {
        Permission::HandleRequests
    }

    async fn undo(
        &self,
        _: &App,
        actor: &Actor,
        request: &Request,
    ) -> Result<Option<String>, AppError> {
        let may = actor.may(self.right(), request.scope());
        let before = request.computed["base"].as_i64().filter(|_| may);
        let layer = before.and_then(|before| Some((layer_of(request)?, before)));
        Ok(layer.map(|(layer, before)| format!("{}?before={before}", layer.path())))
    }

    fn facts(&self, request: &Request) -> Vec<Fact> {
        let fact = |code: &str, value: String| Fact::text(code, value);
        let said = request.computed["said"].as_array().into_iter().flatten();
        let line = |change: &Value| {
            let (from, to) = (&change["from"], &change["to"]);
            let field = text(&change["field"]);
            fact(
                "layer-says",
                format!("{field}: {} → {}", short(from), short(to)),
            )
        };
        let mut facts: Vec<Fact> = said.map(line).collect();
        let number = |name: &str| request.computed[name].to_string();
        facts.push(fact("layer-affects", number("affected")));
        facts.push(fact("layer-leaves", number("unchanged")));
        let waves = &request.parameters["waves"];
        facts.push(fact("layer-wave-size", waves["size"].to_string()));
        let pause = Words::new("wave-pause-seconds").with("n", &waves["pause_seconds"]);
        facts.push(Fact::words("layer-wave-pause", pause));
        let overruled = request.computed["clusters"]
            .as_array()
            .into_iter()
            .flatten();
        let overruled = overruled.flat_map(|c| c["overruled"].as_array().into_iter().flatten());
        let overruled: Vec<&Value> = overruled.collect();
        let shown = overruled.iter().take(MOST_FACTS);
        facts.extend(shown.map(|o| fact("layer-overrules", text(o))));
        let more = overruled.len().saturating_sub(MOST_FACTS);
        if more > 0 {
            let words = Words::new("layer-overrules-more").with("n", more);
            facts.push(Fact::words("layer-overrules", words));
        }
        facts
    }
}

fn layer_of(request: &Request) -> Option<Name> {
    serde_json::from_value(request.parameters["layer"].clone()).ok()
}

fn short(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        other => text(other),
    }
}

fn named(errors: Vec<FieldError>) -> AppError {
    let inner = errors.into_iter().map(|e| FieldError {
        field: format!("parameters.{}", e.field),
        words: e.words,
    });
    AppError::Invalid(inner.collect())
}

/// What a decider is shown, and what the hash covers: each workload by its desired revision.
fn computed(outlook: &Outlook) -> Value {
    let clusters: Vec<Value> = outlook.affected.iter().map(shown).collect();
    json!({
        "schema_version": SCHEMA_VERSION, "base": outlook.base, "said": outlook.said,
        "affected": outlook.affected.len(), "unchanged": outlook.unchanged,
        "clusters": clusters,
    })
}

fn shown(affected: &Affected) -> Value {
    let workload = &affected.workload;
    let place = [
        workload.project.as_str(),
        &workload.component,
        &workload.environment,
        &workload.cluster,
    ];
    json!({
        "cluster": place.join(" · "), "workload": workload.id,
        "revision": workload.parameters_revision, "objects": affected.objects,
        "overruled": affected.overruled,
    })
}

/// Workloads in their order, so many in each wave, and no wave over two environments.
fn in_waves(affected: &[Affected], size: i32) -> Vec<(uuid::Uuid, i32)> {
    let mut found = Vec::new();
    let (mut wave, mut count) = (0, 0);
    let mut environment = None;
    for workload in affected.iter().map(|a| &a.workload) {
        if count == size || environment != Some(workload.environment_id) {
            (wave, count) = (wave + 1, 0);
            environment = Some(workload.environment_id);
        }
        count += 1;
        found.push((workload.id.0, wave));
    }
    found
}
