//! Every layer over every other, every lock against values on both sides of it.

use serde_json::{Value, json};

use super::{Kind, Layer, Lock, Name, Rule, effective, with_own};

const DELAY: &str = "/probes/liveness/delay_seconds";

fn layer(kind: Kind, document: Value, locks: Vec<Lock>) -> Layer {
    let key = if kind == Kind::Platform { "" } else { "x" };
    Layer {
        name: Name::new(kind, key),
        revision: 7,
        document,
        locks,
    }
}

fn delay(seconds: i64) -> Value {
    json!({ "probes": { "liveness": { "delay_seconds": seconds } } })
}

fn lock(pointer: &str, rule: Rule) -> Lock {
    Lock {
        pointer: pointer.to_owned(),
        rule,
        reason: "It starts slowly".to_owned(),
    }
}

#[test]
fn the_lowest_layer_that_speaks_is_heard() {
    // Every subset of the five layers, each saying its own number.
    for mask in 0..1_u32 << Kind::ALL.len() {
        let speaks = |at: &usize| mask & (1 << at) != 0;
        let layers: Vec<Layer> = (0..Kind::ALL.len())
            .map(|at| {
                let said = if speaks(&at) {
                    delay(i64::try_from(at).unwrap())
                } else {
                    json!({})
                };
                layer(Kind::ALL[at], said, Vec::new())
            })
            .collect();
        let made = effective(&layers);
        let lowest = (0..Kind::ALL.len()).rev().find(speaks);
        let expected = lowest.map(|at| Kind::ALL[at]);
        assert_eq!(made.provenance.get(DELAY).map(|n| n.kind), expected);
        let value = made.document.pointer(DELAY).and_then(Value::as_u64);
        assert_eq!(value, lowest.map(|at| at as u64), "{mask:b}");
        assert!(made.breaches.is_empty());
        assert_eq!(made.versions.len(), Kind::ALL.len());
    }
}

#[test]
fn every_lock_of_every_layer_binds_every_layer_below_it() {
    let rules = [
        (Rule::Fixed, 60, [60].as_slice(), [59, 61].as_slice()),
        (Rule::Min { bound: json!(60) }, 60, &[60, 61], &[0, 59]),
        (Rule::Max { bound: json!(60) }, 60, &[60, 1], &[61, 600]),
        (
            Rule::OneOf {
                options: vec![json!(60), json!(90)],
            },
            60,
            &[60, 90],
            &[61, 75],
        ),
    ];
    for (above, upper) in Kind::ALL.iter().enumerate() {
        for lower in &Kind::ALL[above + 1..] {
            for (rule, kept, good, bad) in &rules {
                let made = |wanted: i64| {
                    let locks = vec![lock(DELAY, rule.clone())];
                    effective(&[
                        layer(*upper, delay(60), locks),
                        layer(*lower, delay(wanted), Vec::new()),
                    ])
                };
                for wanted in *good {
                    let made = made(*wanted);
                    assert!(made.breaches.is_empty(), "{rule:?} {wanted}");
                    assert_eq!(made.document, delay(*wanted));
                }
                for wanted in *bad {
                    let made = made(*wanted);
                    let breach = &made.breaches[0];
                    assert_eq!(breach.by.kind, *lower);
                    assert_eq!(breach.held.layer.kind, *upper);
                    assert_eq!(breach.held.revision, 7);
                    assert_eq!(made.document, delay(*kept), "{rule:?} {wanted}");
                    let refusal = &made.refusals()[0];
                    assert_eq!(refusal.field, "parameters.probes.liveness.delay_seconds");
                    let said = |name: &str, value: &str| {
                        let args = &refusal.words.args;
                        args.contains(&(name.to_owned(), value.to_owned()))
                    };
                    assert!(said("layer", upper.as_str()));
                    assert!(said("reason", "It starts slowly"));
                }
            }
        }
    }
}

#[test]
fn a_bound_lifts_what_the_layers_above_it_gave() {
    let bound = lock(DELAY, Rule::Min { bound: json!(60) });
    let made = effective(&[
        layer(Kind::Platform, delay(15), Vec::new()),
        layer(Kind::Language, json!({}), vec![bound]),
    ]);
    assert_eq!(made.document, delay(60));
    assert_eq!(made.provenance[DELAY].kind, Kind::Language);
    assert!(made.breaches.is_empty());
}

#[test]
fn a_lock_on_a_part_holds_everything_beneath_it() {
    let fixed = lock("/env", Rule::Fixed);
    let upper = json!({"env": [{"name": "TZ", "value": "UTC"}]});
    let over = [layer(Kind::Platform, upper.clone(), vec![fixed])];
    let own = json!({"env": [{"name": "TZ", "value": "CET"}, {"name": "A", "value": "1"}]});
    let made = with_own(&over, &own);
    assert_eq!(made.document, upper);
    assert_eq!(made.breaches.len(), 2);
    assert!(with_own(&over, &upper).breaches.is_empty());
}

#[test]
fn quantities_are_bound_as_quantities() {
    let bound = lock("/cpu/limit", Rule::Max { bound: json!("2") });
    let over = [layer(Kind::Platform, json!({}), vec![bound])];
    let made = |limit: &str| with_own(&over, &json!({"cpu": {"limit": limit}}));
    assert!(made("1900m").breaches.is_empty());
    assert_eq!(made("2500m").document, json!({"cpu": {"limit": "2"}}));
}

#[test]
fn variables_are_merged_by_name_in_their_order() {
    let upper = json!({"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]});
    let over = [layer(Kind::Language, upper, Vec::new())];
    let own = json!({"env": [{"name": "C", "value": "3"}, {"name": "A", "value": "4"}]});
    let made = with_own(&over, &own);
    let names: Vec<_> = made.document["env"].as_array().unwrap().iter().collect();
    assert_eq!(names[0], &json!({"name": "A", "value": "4"}));
    assert_eq!(names[2], &json!({"name": "C", "value": "3"}));
    assert_eq!(made.provenance["/env/A"].kind, Kind::Workload);
    assert_eq!(made.provenance["/env/B"].kind, Kind::Language);
    assert_eq!(effective(&over).own_of(&made.document), own_in_order());
}

/// What differs, in the order of the whole.
fn own_in_order() -> Value {
    json!({"env": [{"name": "A", "value": "4"}, {"name": "C", "value": "3"}]})
}

#[test]
fn own_is_what_differs_in_meaning() {
    let upper = json!({"cpu": {"request": "500m", "limit": "1"}, "port": 80});
    let over = effective(&[layer(Kind::Platform, upper, Vec::new())]);
    let wanted = json!({"cpu": {"request": "0.5", "limit": "2"}, "port": 80});
    assert_eq!(over.own_of(&wanted), json!({"cpu": {"limit": "2"}}));
}

#[test]
fn a_probe_without_http_needs_no_path_of_another_layer() {
    let http = json!({"probes": {"liveness": {"kind": "http", "path": "/up"}}});
    let over = [layer(Kind::Project, http, Vec::new())];
    let tcp = json!({"probes": {"liveness": {"kind": "tcp"}}});
    assert_eq!(with_own(&over, &tcp).document, tcp);
    let both = json!({"probes": {"liveness": {"kind": "tcp", "path": "/x"}}});
    assert_eq!(with_own(&over, &both).document, both);
}
