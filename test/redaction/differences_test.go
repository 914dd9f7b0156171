package redaction_test

import "regexp"

// difference is a finding that one has and the other has not, and why.
type difference struct {
	rule   string // of the one that has it; empty: of any
	secret string // an expression that the secret matches
	why    string
}

// explain returns the difference that tells why a finding is not in both, nil if
// there is none.
func explain(known []difference, f finding) *difference {
	for i, d := range known {
		if (d.rule == "" || d.rule == f.rule) && regexp.MustCompile(d.secret).MatchString(f.secret) {
			return &known[i]
		}
	}
	return nil
}

// missed are the findings of gitleaks in texts generated from its own rules that
// we do not have.
var missed = []difference{
	// What only a vendor's name points to has to look random for us: at least
	// two digits, and letters. Otherwise `discord = something` would be one.
	{"", `^[^0-9]*[0-9]?[^0-9]*$`, "fewer than two digits: it may be a word"},
	{"asana-client-id", `^[0-9]{16}$`, "a client's id is public, and a number"},
	{"discord-client-id", `^[0-9]{18}$`, "a client's id is public, and a number"},
	{"flutterwave-public-key", `^FLWPUBK_TEST-`, "a public key"},

	// gitleaks ignores the case of prefixes that vendors write in one way.
	{"atlassian-api-token", `^atatt3`, "the prefix is ATATT3"},
	{"clojars-api-token", `^clojars_`, "the prefix is CLOJARS_"},
	{"grafana-api-key", `^eyjrijoi`, `the prefix is eyJrIjoi, {"k":" in base64`},
	{"private-key", `^-----begin`, "the armour is in upper case"},
	{"jwt", `^ey[^J]`, `a token begins with eyJ, {" in base64`},

	{"microsoft-teams-webhook", `^[a-z0-9]{4}-$`, "gitleaks reports a piece of the URL; what is secret in it we replace"},
	{"generic-api-key", `^.{8,19}$`, "under a name such as key or x-token, we want 16 or 20 characters: ids of caches stand there too"},
	{"curl-auth-user", `["']|^blCYS14k`, "the quotes are inside the argument, or line ends without a backslash: no command"},
}

// notGenerated are the rules of gitleaks that find nothing in texts generated
// from them: they look at the names of files, or at more than their expression.
var notGenerated = []string{
	"airtable-personnal-access-token", "facebook-access-token", "kubernetes-secret-yaml", "nuget-config-password",
	"pkcs12-file", "sidekiq-sensitive-url", "slack-config-access-token", "slack-webhook-url",
}

const (
	noRule   = "gitleaks has no rule for it"
	stricter = "gitleaks's expression is narrower than what was generated"
	beside   = "gitleaks wants the vendor's name beside it"
	byPlace  = "it is known by where it stands, not by its form"
)

// lacked are the rules of ours that gitleaks has nothing like in texts generated
// from our expressions.
var lacked = map[string]string{
	"aws-bedrock-key": stricter, "heroku-token": stricter, "cloudflare-origin-key": stricter, "fly-token": stricter,
	"github-fine-grained": stricter, "bitbucket-token": stricter, "pypi-token": stricter, "anthropic-key": stricter,
	"openai-key": stricter, "slack-webhook": stricter, "teams-webhook": stricter, "sendgrid-key": stricter,
	"flutterwave-key": stricter, "onepassword-token": stricter, "notion-token": stricter, "airtable-token": stricter,
	"facebook-token": stricter, "private-key": stricter, "jwt": stricter, "grafana-api-key": stricter, "jwt-base64": stricter,
	"sourcegraph-token": stricter,

	"sonar-token": beside, "discord-token": beside, "telegram-token": beside, "mailgun-key": beside, "plaid-token": beside,
	"newrelic-key": beside, "launchdarkly-key": beside, "asana-token": beside, "dropbox-token": beside, "twitter-bearer": beside,
	"typeform-token": beside, "intercom-token": beside, "defined-networking-token": beside, "gocardless-token": beside,
	"lob-key": beside, "mapbox-token": beside, "yandex-key": beside,

	"aws-secret-key": noRule, "google-oauth-token": noRule, "google-oauth-secret": noRule, "google-refresh-token": noRule,
	"azure-account-key": noRule, "azure-sas": noRule, "vercel-token": noRule, "supabase-key": noRule, "crates-token": noRule,
	"dockerhub-token": noRule, "circleci-token": noRule, "buildkite-token": noRule, "openrouter-key": noRule, "groq-key": noRule,
	"xai-key": noRule, "replicate-token": noRule, "langsmith-key": noRule, "langfuse-key": noRule, "tavily-key": noRule,
	"pinecone-key": noRule, "discord-webhook": noRule, "resend-key": noRule, "stripe-webhook-secret": noRule,
	"braintree-token": noRule, "tailscale-key": noRule, "figma-token": noRule, "putty-key": noRule,

	"bearer": byPlace, "basic-auth": byPlace, "url-password": byPlace, "cli-flag": byPlace, "password-told": byPlace,
	"mysql-password": byPlace, "sshpass-password": byPlace, "url-session": byPlace, "netrc-password": byPlace,
	"docker-password": byPlace,
}

// ordinaryMissed are the findings of gitleaks in ordinary text that we do not
// have.
var ordinaryMissed = []difference{
	{"generic-api-key", `^8e03978e-40d5-43e8-bc93-6894a57f9324$`, "an Idempotency-Key is no secret, and a UUID"},
}

// ordinaryMore are ours in recorded agents that gitleaks does not have. What we
// find in the corpus is judged there.
var ordinaryMore = []difference{
	{"secretkey", `^secret$`, "the SECRET_KEY of a test; gitleaks wants entropy"},
	{"password", `^(password123|new_password|pbkdf2_sha256\$\.*)$`, "passwords of tests; gitleaks wants entropy"},
}
