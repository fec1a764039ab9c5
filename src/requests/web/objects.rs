//! What a request would make in Kubernetes, as text that people read.

use serde_json::Value;

/// One object of a request's computed content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub cluster: String,
    pub kind: String,
    pub name: String,
    pub text: String,
}

impl Object {
    #[must_use]
    pub fn lines(&self) -> usize {
        self.text.lines().count()
    }
}

/// `clusters[].objects[]` of what was computed; kinds without objects have none.
#[must_use]
pub fn objects(computed: &Value) -> Vec<Object> {
    let clusters = computed["clusters"].as_array().into_iter().flatten();
    clusters.flat_map(of_cluster).collect()
}

fn of_cluster(cluster: &Value) -> Vec<Object> {
    let named = ["cluster", "key"]
        .iter()
        .find_map(|name| cluster[*name].as_str());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let objects = cluster["objects"].as_array().into_iter().flatten();
    let object = |object: &Value| Object {
        cluster: named.unwrap_or_default().to_owned(),
        kind: text(&object["kind"]),
        name: text(&object["metadata"]["name"]),
        // What has no YAML is still shown, as JSON.
        text: serde_saphyr::to_string(object).unwrap_or_else(|_| format!("{object:#}")),
    };
    objects.map(object).collect()
}

#[cfg(test)]
mod tests {
    use super::objects;
    use serde_json::json;

    #[test]
    fn objects_are_read_cluster_by_cluster() {
        let computed = json!({"clusters": [{"cluster": "sh-prod", "objects": [
            {"kind": "Service", "metadata": {"name": "pay"}, "spec": {"port": 80}},
        ]}]});
        let found = objects(&computed);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].cluster.as_str(), found[0].name.as_str()),
            ("sh-prod", "pay")
        );
        assert!(found[0].text.contains("port: 80"), "{}", found[0].text);
    }

    #[test]
    fn what_has_no_objects_shows_none() {
        for computed in [json!(null), json!({}), json!({"clusters": [{}]})] {
            assert!(objects(&computed).is_empty());
        }
    }
}
