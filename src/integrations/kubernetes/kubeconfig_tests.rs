use super::*;

fn config(cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
         contexts:\n- name: c\n  context: {{cluster: a, user: u, namespace: shop-test}}\n\
         clusters:\n- name: a\n  cluster: {cluster}\n\
         users:\n- name: u\n  user: {user}\n"
    )
}

const CLUSTER: &str = r#"{server: "https://k8s.example.com:6443"}"#;
const USER: &str = r#"{token: "t0ken"}"#;

fn refused(cluster: &str, user: &str) -> KubeconfigError {
    Kubeconfig::parse(&config(cluster, user)).expect_err("must be refused")
}

#[test]
fn inline_data_is_taken() {
    let parsed = Kubeconfig::parse(&config(CLUSTER, USER)).expect("inline data only");
    assert_eq!(parsed.server().as_str(), "https://k8s.example.com:6443/");
    assert_eq!(parsed.namespace(), Some("shop-test"));
    assert!(!format!("{parsed:?}").contains("t0ken"));
}

#[test]
fn unset_fields_are_no_reason_to_refuse() {
    let cluster = r#"{server: "https://k", certificate-authority: "", proxy-url: null,
        insecure-skip-tls-verify: false}"#;
    Kubeconfig::parse(&config(cluster, USER)).expect("nothing is set");
}

#[test]
fn commands_files_and_detours_are_refused() {
    let exec = r#"{exec: {command: sh, apiVersion: client.authentication.k8s.io/v1}}"#;
    assert_eq!(refused(CLUSTER, exec), KubeconfigError::Exec);
    let provider = "{auth-provider: {name: gcp}}";
    assert_eq!(refused(CLUSTER, provider), KubeconfigError::AuthProvider);
    for field in ["client-certificate", "client-key", "tokenFile"] {
        let user = format!(r#"{{token: t, {field}: /etc/passwd}}"#);
        let field = field.to_owned();
        assert_eq!(refused(CLUSTER, &user), KubeconfigError::FilePath { field });
    }
    let with = |rest: &str| format!(r#"{{server: "https://k", {rest}}}"#);
    let ca = with("certificate-authority: /etc/ssl/ca.pem");
    let field = "certificate-authority".to_owned();
    assert_eq!(refused(&ca, USER), KubeconfigError::FilePath { field });
    let insecure = with("insecure-skip-tls-verify: true");
    assert_eq!(refused(&insecure, USER), KubeconfigError::InsecureTls);
    let proxy = with(r#"proxy-url: "http://p:3128""#);
    assert_eq!(refused(&proxy, USER), KubeconfigError::Proxy);
}

#[test]
fn an_unknown_field_is_refused_by_its_name() {
    let field = "as".to_owned();
    let user = "{token: t, as: system:admin}";
    assert_eq!(
        refused(CLUSTER, user),
        KubeconfigError::UnsupportedField { field }
    );
}

#[test]
fn entries_outside_the_current_context_are_checked_too() {
    let text = config(CLUSTER, USER) + "- name: other\n  user: {exec: {command: sh}}\n";
    assert_eq!(
        Kubeconfig::parse(&text).expect_err("exec"),
        KubeconfigError::Exec
    );
}

#[test]
fn http_is_for_loopback_only() {
    for server in [
        "http://127.0.0.1:8001",
        "http://localhost:1",
        "http://[::1]:6443",
    ] {
        let cluster = format!(r#"{{server: "{server}"}}"#);
        Kubeconfig::parse(&config(&cluster, USER)).expect("loopback");
    }
    for server in [
        "http://10.0.0.1",
        "http://127.0.0.1.example.com",
        "ftp://127.0.0.1",
        "https://user:pass@k8s.example.com",
        "https://k8s.example.com/?a=b",
        "nonsense",
    ] {
        let cluster = format!(r#"{{server: "{server}"}}"#);
        assert_eq!(
            refused(&cluster, USER),
            KubeconfigError::BadServer,
            "{server}"
        );
    }
}

#[test]
fn one_context_needs_no_name_and_several_do() {
    let single = config(CLUSTER, USER).replace("current-context: c\n", "");
    Kubeconfig::parse(&single).expect("only one context");
    let second = "contexts:\n- name: d\n  context: {cluster: a, user: u}\n";
    let several = single.replace("contexts:\n", second);
    let error = Kubeconfig::parse(&several).expect_err("two contexts");
    assert_eq!(error, KubeconfigError::AmbiguousContext);
    let twice = config(CLUSTER, USER).replace("name: d", "name: c").replace(
        "contexts:\n",
        "contexts:\n- name: c\n  context: {cluster: a, user: u}\n",
    );
    let name = "c".to_owned();
    let error = Kubeconfig::parse(&twice).expect_err("the same name twice");
    assert_eq!(
        error,
        KubeconfigError::DefinedTwice {
            kind: "context",
            name
        }
    );
}

#[test]
fn what_is_missing_is_named() {
    let text = config(CLUSTER, USER).replace("cluster: a", "cluster: b");
    let name = "b".to_owned();
    let error = Kubeconfig::parse(&text).expect_err("no such cluster");
    assert_eq!(
        error,
        KubeconfigError::NotDefined {
            kind: "cluster",
            name
        }
    );
    assert_eq!(refused(CLUSTER, "{}"), KubeconfigError::NoCredential);
    let half = "{client-certificate-data: QQ==}";
    assert_eq!(refused(CLUSTER, half), KubeconfigError::NoCredential);
}

#[test]
fn length_and_shape_are_limited() {
    let long = "#".repeat(MAX_KUBECONFIG_BYTES + 1);
    assert_eq!(
        Kubeconfig::parse(&long).expect_err("long"),
        KubeconfigError::TooLong
    );
    for text in [
        "",
        "[]",
        "a: b: c",
        "clusters: 7",
        "kind: Config\n---\nkind: Config\n",
    ] {
        Kubeconfig::parse(text).expect_err("not a kubeconfig");
    }
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n\
                c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n\
                e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n\
                g: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n";
    Kubeconfig::parse(bomb).expect_err("grows without end");
}
