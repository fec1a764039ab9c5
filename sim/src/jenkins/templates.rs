//! Templates such as operations keep them in Jenkins, one a language, of both kinds of job.

use quick_xml::escape::escape;

use super::config::Kind;

/// What every template declares.
pub const PARAMETERS: [&str; 7] = [
    "IMAGE",
    "RELEASE_ID",
    "SOURCE_URL",
    "SOURCE_TAG",
    "SOURCE_COMMIT",
    "SERVICE",
    "DEPLOY_PATH",
];

/// The languages that a company of the demo writes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Java,
    Go,
    Python,
    Node,
}

impl Language {
    pub const ALL: [Self; 4] = [Self::Java, Self::Go, Self::Python, Self::Node];

    /// The template's name.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Java => "java",
            Self::Go => "go",
            Self::Python => "python",
            Self::Node => "node",
        }
    }

    pub(super) fn command(self) -> &'static str {
        match self {
            Self::Java => "mvn -B -DskipTests clean package",
            Self::Go => "go build -trimpath -o bin/app ./cmd/...",
            Self::Python => "pip install --no-cache-dir -r requirements.txt -t build",
            Self::Node => "npm ci && npm run build",
        }
    }

    /// The language whose command a configuration holds.
    pub(super) fn of(config: &str) -> Self {
        let holds = |language: &Self| {
            let word = language.command().split(' ').next().unwrap_or_default();
            config.contains(&format!("{word} "))
        };
        // `go` is a word inside of others' scripts, so that it is looked for last.
        let order = [Self::Java, Self::Python, Self::Node, Self::Go];
        order.into_iter().find(holds).unwrap_or(Self::Java)
    }
}

/// A template's config.xml.
#[must_use]
pub fn template(language: Language, kind: Kind) -> String {
    let properties = properties();
    let description = format!(
        "Template for {} services, kept by operations.",
        language.key()
    );
    match kind {
        Kind::Freestyle | Kind::Folder => format!(
            "<?xml version='1.1' encoding='UTF-8'?>\n<project>\n  <actions/>\n  \
             <description>{description}</description>\n  \
             <keepDependencies>false</keepDependencies>\n{properties}  \
             <scm class=\"hudson.scm.NullSCM\"/>\n  <canRoam>true</canRoam>\n  \
             <disabled>true</disabled>\n  \
             <blockBuildWhenDownstreamBuilding>false</blockBuildWhenDownstreamBuilding>\n  \
             <blockBuildWhenUpstreamBuilding>false</blockBuildWhenUpstreamBuilding>\n  \
             <triggers/>\n  <concurrentBuild>false</concurrentBuild>\n  <builders>\n    \
             <hudson.tasks.Shell>\n      <command>{}</command>\n    </hudson.tasks.Shell>\n  \
             </builders>\n  <publishers/>\n  <buildWrappers/>\n</project>\n",
            escape(shell(language))
        ),
        Kind::Pipeline => format!(
            "<?xml version='1.1' encoding='UTF-8'?>\n\
             <flow-definition plugin=\"workflow-job@1508.v9cb_c3a_a_89dfd\">\n  <actions/>\n  \
             <description>{description}</description>\n  \
             <keepDependencies>false</keepDependencies>\n{properties}  \
             <definition class=\"org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition\" \
             plugin=\"workflow-cps@4106.v7a_8a_8176d450\">\n    <script>{}</script>\n    \
             <sandbox>true</sandbox>\n  </definition>\n  <triggers/>\n  \
             <disabled>true</disabled>\n</flow-definition>\n",
            escape(pipeline(language))
        ),
    }
}

fn properties() -> String {
    let definitions = PARAMETERS.map(|name| {
        format!(
            "        <hudson.model.StringParameterDefinition>\n          <name>{name}</name>\n\
             \x20         <defaultValue></defaultValue>\n          <trim>true</trim>\n\
             \x20       </hudson.model.StringParameterDefinition>\n"
        )
    });
    format!(
        "  <properties>\n    <hudson.model.ParametersDefinitionProperty>\n      \
         <parameterDefinitions>\n{}      </parameterDefinitions>\n    \
         </hudson.model.ParametersDefinitionProperty>\n  </properties>\n",
        definitions.concat()
    )
}

fn shell(language: Language) -> String {
    format!(
        "set -eu\ngit clone --depth 1 --branch \"$SOURCE_TAG\" \"$SOURCE_URL\" source\n\
         cd source\ntest \"$(git rev-parse HEAD)\" = \"$SOURCE_COMMIT\"\n{}\n\
         sed -e \"s|@SERVICE@|$SERVICE|\" -e \"s|@DEPLOY_PATH@|$DEPLOY_PATH|\" \
         /opt/templates/{}.Dockerfile > Dockerfile\n\
         docker build --label \"org.opencontainers.image.revision=$SOURCE_COMMIT\" \
         -t \"$IMAGE\" .\ndocker push \"$IMAGE\"\n",
        language.command(),
        language.key()
    )
}

fn pipeline(language: Language) -> String {
    let shell = shell(language);
    let mut lines = shell.lines().filter(|line| *line != "set -eu");
    let mut stage = |name: &str, count: usize| {
        let steps: Vec<String> = lines
            .by_ref()
            .take(count)
            .map(|line| format!("        sh '''{line}'''\n"))
            .collect();
        format!(
            "    stage('{name}') {{\n      steps {{\n{}      }}\n    }}\n",
            steps.concat()
        )
    };
    let stages = [
        stage("Check out", 3),
        stage("Package", 1),
        stage("Image", 2),
        stage("Push", 1),
    ];
    format!(
        "pipeline {{\n  agent any\n  stages {{\n{}  }}\n}}\n",
        stages.concat()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jenkins::config::Config;

    #[test]
    fn every_template_is_readable_and_tells_its_language() {
        for language in Language::ALL {
            for kind in [Kind::Freestyle, Kind::Pipeline] {
                let xml = template(language, kind);
                let config = Config::read(&xml).expect("a template");
                assert_eq!(config.kind, kind);
                let names: Vec<_> = config.parameters().into_iter().map(|(n, _)| n).collect();
                assert_eq!(names, PARAMETERS);
                assert_eq!(Language::of(&xml), language);
                assert_eq!(config.field("disabled"), Some("true"));
            }
        }
    }
}
