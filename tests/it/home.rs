//! The start page and the list of projects: whose turn it is, and what runs where.

use crate::support::company::Company;

#[tokio::test]
async fn a_release_waits_on_the_start_page_of_whose_turn_it_is() {
    let mut company = Company::start().await;
    company.project_with_places("pay").await;
    company.commit("pay", "Read a capture back after 409");
    let id = company.open("pay").await;
    company.settle().await;
    let tag = company.release(&id).await["tag"]
        .as_str()
        .unwrap()
        .to_owned();

    let tester = company.tester.get("/").await;
    assert_eq!(tester.text("h1"), "One thing waits for you");
    let line = tester.text(".inbox .what");
    assert_eq!(line, format!("pay {tag} waits for your word"));
    let developer = company.developer.get("/").await;
    assert_eq!(developer.text("h1"), "Nothing waits for you");

    company.confirm(&id).await;
    assert_eq!(
        company.tester.get("/").await.text("h1"),
        "Nothing waits for you"
    );
    let developer = company.developer.get("/").await;
    let line = developer.text(".inbox .what");
    assert_eq!(line, format!("pay {tag} is ready for production"));
    let stranger = company.portal.signed_in("stranger").await.get("/").await;
    assert!(!stranger.body.contains(&tag));
}

#[tokio::test]
async fn projects_say_what_runs_where() {
    let mut company = Company::start().await;
    company.project("bare").await;
    company.project_with_places("pay").await;
    company.commit("pay", "Read a capture back after 409");
    let id = company.open("pay").await;
    company.settle().await;
    let tag = company.release(&id).await["tag"]
        .as_str()
        .unwrap()
        .to_owned();

    for path in ["/", "/projects"] {
        let page = company.developer.get(path).await;
        assert!(!page.body.contains('⟦'), "{path}: {}", page.body);
        let table = page.text("table");
        assert!(table.contains("test prod State"), "{path}: {table}");
        assert!(table.contains(&format!("{tag} 2 of 2")), "{path}: {table}");
        assert!(
            table.contains("not yet Waits for confirmation"),
            "{path}: {table}"
        );
        assert!(table.contains("No containers yet"), "{path}: {table}");
    }
    let list = company.ops.get("/").await;
    assert!(list.text(".aside").contains("sh-prod"), "{}", list.body);
}

#[tokio::test]
async fn a_request_for_containers_shows_the_work_on_each_cluster() {
    let mut company = Company::start().await;
    company.project("pay").await;
    company.containers("pay", "test").await;
    let list = company
        .ops
        .api_get("/requests?for=all&state=done")
        .await
        .json();
    let items = list["items"].as_array().unwrap();
    let number = items.iter().find(|r| r["kind"] == "containers").unwrap()["number"].clone();
    let page = company.ops.get(&format!("/requests/{number}")).await;
    let story = page.text(".story");
    assert!(story.contains("Make the namespace sh-test"), "{story}");
    assert!(
        story.contains("Create the Kubernetes objects sh-test"),
        "{story}"
    );
}
