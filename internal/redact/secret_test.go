package redact_test

import (
	"strings"
	"testing"

	"github.com/hansardhq/hansard/internal/redact"
)

const (
	alnum = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6a7B8c9D0e1F2g3H4i5J6k7L8m9N0"
	hexes = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"
	digs  = "123456789012345678"
	uuid  = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
)

// planted are made-up secrets, one or more for each rule: the rule's id, then
// the secret with what has to stand around it in "before|secret|after".
func planted() [][2]string {
	l := func(n int) string { return strings.Map(letter, alnum+alnum)[:n] }
	return [][2]string{
		{"aws-access-key", join("|AK", "IA", "QWERTYUIOPASDFGH", "|")},
		{"aws-access-key", join("|AS", "IA", "QWERTYUIOPASDF23", "|")},
		{"aws-secret-key", join("aws_secret_access_key", "=|", alnum[:40], "|")},
		{"aws-bedrock-key", join("|AB", "SK", alnum, alnum[:50], "|")},
		{"gcp-api-key", join("|AI", "za", alnum[:35], "|")},
		{"google-oauth-token", join("|ya", "29.", alnum[:60], "|")},
		{"google-oauth-secret", join("|GOC", "SPX-", alnum[:28], "|")},
		{"google-refresh-token", join("|1/", "/0", alnum[:40], "|")},
		{"google-refresh-token", join("at 24 |1/", "/0", alnum[:40], "|")},
		{"azure-account-key", join("AccountName=x;Account", "Key=|", alnum, alnum[:6], "==|;EndpointSuffix=y")},
		{"azure-sas", join("?sv=2022&s", "ig=|", alnum[:43], "%3D|&x=1")},
		{"azure-client-secret", join("|abc8", "Q~", alnum[:34], "|")},
		{"digitalocean-token", join("|dop", "_v1_", hexes[:64], "|")},
		{"heroku-key", join("HEROKU_X", " = |", uuid, "|")},
		{"heroku-token", join("|HR", "KU-", alnum[:40], "|")},
		{"cloudflare-token", join("cloudflare x", ": |", alnum[:40], "|")},
		{"cloudflare-origin-key", join("|v1", ".0-", hexes[:24], "-", hexes, hexes[:10], "|")},
		{"alibaba-key", join("|LT", "AI", alnum[:20], "|")},
		{"databricks-token", join("|da", "pi", hexes[:32], "|")},
		{"vercel-token", join("|vc", "p_", alnum[:24], "|")},
		{"fly-token", join("|Fly", "V1 fm2_", alnum[:60], "|")},
		{"supabase-key", join("|sb", "p_", hexes[:40], "|")},
		{"planetscale-token", join("|psc", "ale_pw_", alnum[:43], "|")},
		{"github-token", join("|gh", "p_", alnum[:36], "|")},
		{"github-token", join("|gh", "o_", alnum[:36], "|")},
		{"github-token", join("|gh", "s_", alnum[:36], "|")},
		{"github-fine-grained", join("|github", "_pat_", alnum[:22], "_", alnum[:59], "|")},
		{"gitlab-token", join("|gl", "pat-", alnum[:20], "|")},
		{"bitbucket-token", join("|AT", "BB", alnum[:32], "|")},
		{"npm-token", join("|np", "m_", alnum[:36], "|")},
		{"npm-legacy-token", join("//registry.example/:_auth", "Token=|", uuid, "|")},
		{"pypi-token", join("|py", "pi-AgE", alnum, "|")},
		{"rubygems-key", join("|ruby", "gems_", hexes[:48], "|")},
		{"crates-token", join("|ci", "o", alnum[:32], "|")},
		{"dockerhub-token", join("|dckr", "_pat_", alnum[:27], "|")},
		{"circleci-token", join("|CCI", "PAT_", alnum[:22], "_", hexes[:40], "|")},
		{"buildkite-token", join("|bk", "ua_", hexes[:40], "|")},
		{"sonar-token", join("|sq", "u_", hexes[:40], "|")},
		{"anthropic-key", join("|sk-", "ant-", "api03-", alnum, "|")},
		{"openai-key", join("|sk", "-", alnum[:48], "|")},
		{"openai-key", join("|sk-", "proj-", alnum, "|")},
		{"openrouter-key", join("|sk-", "or-v1-", hexes[:64], "|")},
		{"huggingface-token", join("|h", "f_", l(34), "|")},
		{"groq-key", join("|gs", "k_", alnum[:52], "|")},
		{"xai-key", join("|xa", "i-", alnum, "|")},
		{"replicate-token", join("|r", "8_", alnum[:37], "|")},
		{"perplexity-key", join("|pp", "lx-", alnum[:48], "|")},
		{"langsmith-key", join("|ls", "v2_pt_", hexes[:32], "_", hexes[:10], "|")},
		{"langfuse-key", join("|sk-", "lf-", uuid, "|")},
		{"tavily-key", join("|tv", "ly-", alnum[:32], "|")},
		{"pinecone-key", join("|pc", "sk_", alnum[:60], "|")},
		{"slack-token", join("|xo", "xb-", digs[:12], "-", digs[:12], "-", alnum[:24], "|")},
		{"slack-token", join("|xa", "pp-1-", alnum[:40], "|")},
		{"slack-webhook", join("https://hooks.", "slack.com/services/|", "T00AB12CD/B00AB12CD/", alnum[:24], "|")},
		{"discord-webhook", join("https://discord.com/api/", "webhooks/", digs, "/|", alnum[:68], "|")},
		{"discord-token", join("|M", "T", alnum[:24], ".", "Gx1Y2z", ".", alnum[:38], "|")},
		{"telegram-token", join("123456789:|A", "A", alnum[:33], "|")},
		{"teams-webhook", join("https://x.webhook.office.com/y/Incoming", "Webhook/|", hexes[:32], "/", uuid, "|")},
		{"twilio-key", join("|S", "K", hexes[:32], "|")},
		{"sendgrid-key", join("|S", "G.", alnum[:22], ".", alnum[:43], "|")},
		{"mailgun-key", join("|ke", "y-", hexes[:32], "|")},
		{"mailchimp-key", join("mailchimp x", ": |", hexes[:32], "-us12|")},
		{"brevo-key", join("|xkey", "sib-", hexes[:64], "-", alnum[:16], "|")},
		{"resend-key", join("|r", "e_", alnum[:8], "_", alnum[:24], "|")},
		{"stripe-key", join("|sk", "_live_", alnum[:24], "|")},
		{"stripe-key", join("|rk", "_test_", alnum[:24], "|")},
		{"stripe-webhook-secret", join("|wh", "sec_", alnum[:32], "|")},
		{"shopify-token", join("|shp", "at_", hexes[:32], "|")},
		{"square-token", join("|sq0", "atp-", alnum[:22], "|")},
		{"braintree-token", join("|access_", "token$production$", hexes[:16], "$", hexes[:32], "|")},
		{"plaid-token", join("|access-", "sandbox-", uuid, "|")},
		{"flutterwave-key", join("|FLW", "SECK_TEST-", hexes[:32], "-X|")},
		{"datadog-key", join("datadog x", ": |", hexes[:32], "|")},
		{"newrelic-key", join("|NR", "AK-", strings.ToUpper(alnum[:27]), "|")},
		{"grafana-token", join("|gl", "sa_", alnum[:32], "_", hexes[:8], "|")},
		{"sentry-token", join("|sn", "tryu_", hexes[:64], "|")},
		{"sentry-dsn", join("https://o1.ingest.", "sentry.io/7?sentry_secret=|", hexes[:32], "|")},
		{"pagerduty-key", join("pagerduty x", ": |", alnum[:20], "|")},
		{"okta-token", join("SS", "WS |00", alnum[:40], "|")},
		{"vault-token", join("|hv", "s.", alnum, "|")},
		{"vault-token", join("|s", ".", alnum[:24], "|")},
		{"terraform-token", join("|abcdefghijklmn.atlas", "v1.", alnum[:67], "|")},
		{"pulumi-token", join("|pu", "l-", hexes[:40], "|")},
		{"doppler-token", join("|dp.", "pt.", alnum[:43], "|")},
		{"onepassword-token", join("|op", "s_eyJ", alnum, alnum[:50], "|")},
		{"launchdarkly-key", join("|sd", "k-", uuid, "|")},
		{"tailscale-key", join("|ts", "key-auth-", alnum[:12], "-", alnum[:30], "|")},
		{"linear-key", join("|lin", "_api_", alnum[:40], "|")},
		{"notion-token", join("|nt", "n_", alnum[:46], "|")},
		{"notion-token", join("|sec", "ret_", alnum[:43], "|")},
		{"airtable-token", join("|pa", "t", alnum[:14], ".", hexes[:64], "|")},
		{"asana-token", join("|1", "/1", digs[:14], ":", hexes[:32], "|")},
		{"postman-key", join("|PM", "AK-", hexes[:24], "-", hexes[:34], "|")},
		{"figma-token", join("|fi", "gd_", alnum[:40], "|")},
		{"dropbox-token", join("|s", "l.", alnum, alnum[:60], "|")},
		{"facebook-token", join("|E", "AA", alnum, alnum, "|")},
		{"twitter-bearer", join("|AAAAAAAAAA", "AAAAAAAAAAAA", alnum, "|")},
		{"typeform-token", join("|tf", "p_", alnum[:44], "|")},
		{"readme-key", join("|rd", "me_", hexes[:70], "|")},
		{"intercom-token", join("|dG", "9rO", alnum[:56], "=|")},
		{"private-key", join("|-----BEGIN RSA PRIV", "ATE KEY-----\n", alnum, "\n", alnum, "\n-----END RSA PRIV", "ATE KEY-----|\n")},
		{"private-key", join("|-----BEGIN OPENSSH PRIV", "ATE KEY-----\\n", alnum, "\\n-----END OPENSSH PRIV", "ATE KEY-----|")},
		{"private-key", join("|-----BEGIN PGP PRIV", "ATE KEY BLOCK-----\n\n", alnum, " cut off|")},
		{"putty-key", join("|PuTTY-User-", "Key-File-3: ssh-rsa\nPrivate-Lines: 1\n", alnum, "\nPrivate-MAC: ", hexes[:40], "|")},
		{"age-key", join("|AGE-SECRET", "-KEY-1", strings.Repeat("QPZRY9X8GF", 5), "QPZRY9X8|")},
		{"jwt", join("|ey", "JhbGciOiJIUzI1NiJ9.ey", "JzdWIiOiIxMjM0NTY3ODkwIn0.", alnum[:43], "|")},
		{"bearer", join("with Bear", "er |", alnum[:40], "| in")},
		{"basic-auth", join("with Bas", "ic |", "YW5uYTpodW50ZXIy", "c2VjcmV0==| in")},
		{"url-password", join("postgres://app:", "|hunter2|@db.example.com:5432/x")},
		{"url-password", join("mysql://root:", "|p@ss!w0rd|@localhost/x")},
		{"url-password", join("mongodb+srv://u:", "|s3cr3t|@cluster0.example.net")},
		{"url-password", join("redis://:", "|abc|@cache:6379")},
		{"url-password", join("https://anna:", "|pw|@example.com/x")},
		{"cli-flag", join("tool --pass", "word |hunter2| run")},
		{"cli-flag", join(`["tool","--to`, `ken","|`, `abcd1234|"]`)},
		{"password-told", join("my pass", "word is |Tr0ub4dor&3|")},
		{"curl-user", join("curl -s -u ", "anna:|hunter2| https://example.com")},
		{"curl-user", join("curl -X POST \\\n  -su ", "'anna:|pw|' https://example.com")},
		{"curl-user", join("curl https://example.com --us", "er=anna:|hunter2| -v")},
		{"mysql-password", join("mysql -u root -", "p|hunter2| shop")},
		{"mysql-password", join("mysqldump -uroot -", "p'|hunter2|' shop")},
		{"mysql-password", join("mariadb -", "p|123456| -h db")},
		{"sshpass-password", join("sshpass -", "p |hunter2| ssh db")},
		{"sshpass-password", join("sshpass -v -", "p '|hunter2|' ssh db")},
		{"sshpass-password", join("['sshpass', '-", "p', '|hunter2|', 'ssh']")},
		{"onepassword-secret-key", join("|A", "3-", "ABC123-DEF456-GHI78-JKL90-MNO12-PQR34", "|")},
		{"adobe-secret", join("|p8", "e-", alnum[:32], "|")},
		{"artifactory-key", join("|AK", "Cp", alnum[:69], "|")},
		{"artifactory-key", join("|cm", "Vmd", alnum[:59], "|")},
		{"authress-key", join("|sc", "_", alnum[:12], ".a1b2.acc_", alnum[:16], ".", alnum[:44], "|")},
		{"clickhouse-key", join("|4b", "1d", alnum[:38], "|")},
		{"clojars-token", join("|CLO", "JARS_", alnum[:60], "|")},
		{"defined-networking-token", join("|dn", "key-", alnum[:26], "-", alnum[:52], "|")},
		{"duffel-token", join("|duffel", "_live_", alnum[:43], "|")},
		{"dynatrace-token", join("|dt0", "c01.", alnum[:24], ".", alnum[:64], "|")},
		{"easypost-key", join("|EZ", "AK", alnum[:54], "|")},
		{"frameio-token", join("|fio", "-u-", alnum[:64], "|")},
		{"gitlab-session", join("Cook_gitlab", " _gitlab_session", "=|", hexes[:32], "|")},
		{"gocardless-token", join("|li", "ve_", alnum[:40], "|")},
		{"grafana-api-key", join("|eyJr", "Ijoi", alnum[:70], "=|")},
		{"harness-token", join("|pa", "t.", alnum[:22], ".", alnum[:24], ".", alnum[:20], "|")},
		{"infracost-token", join("|ic", "o-", alnum[:32], "|")},
		{"intra42-secret", join("|s-s4", "t2ud-", hexes[:64], "|")},
		{"jwt-base64", join("|ZX", "lK", alnum[:60], "|")},
		{"lob-key", join("|te", "st_", hexes[:35], "|")},
		{"mapbox-token", join("|p", "k.", alnum[:70], ".", alnum[:22], "|")},
		{"maxmind-key", join("|", alnum[:6], "_", alnum[:29], "_m", "mk|")},
		{"octopus-key", join("|A", "PI-", strings.ToUpper(alnum[:26]), "|")},
		{"openshift-token", join("|sha", "256~", alnum[:43], "|")},
		{"prefect-token", join("|pn", "u_", alnum[:36], "|")},
		{"scalingo-token", join("|tk", "-us-", alnum[:48], "|")},
		{"settlemint-token", join("|sm", "_pat_", alnum[:16], "|")},
		{"shippo-token", join("|shippo", "_live_", hexes[:40], "|")},
		{"sidekiq-secret", join("BUNDLE_ENTERPRISE__CONTRI", "BSYS__COM=|", hexes[:8], ":", hexes[:8], "|")},
		{"sourcegraph-token", join("|sg", "p_", hexes[:40], "|")},
		{"yandex-key", join("|AQ", "VN", alnum[:36], "|")},
		{"yandex-key", join("|t", "1.", alnum[:7], ".", alnum[:80], alnum[:6], "|")},
		{"vendor-key", join("DISCORD", "=|", alnum[:32], "|")},
		{"vendor-key", join("twitter", "_consumer_key: |", alnum[:25], "|")},
		{"vendor-key", join("\"snyk", ".key\": \"|", uuid, "|\"")},
		{"netrc-password", join("machine a.example login anna pass", "word |hunter2| x")},
		{"netrc-password", join("login anna\n  pass", "word |2hunter|")},
		{"docker-password", join("docker login -u anna -", "p |hunter2| r.example")},
		{"docker-password", join("helm registry login r.example --pass", "word='|hunter2|' -u a")},
		{"url-session", join("https://a.example/x?a=1&s", "ig=|", alnum[:24], "|&b=2")},
		{"url-session", join("https://a.example/x?sign", "ature=|", alnum[:40], "|#top")},
		{"url-session", join("https://a.example/x?X-Amz-Sign", "ature=|", hexes[:64], "|&b=2")},
		{"url-session", join("/x?ses", "sion=|", alnum[:24], "|")},
		{"url-session", join("/x?a=b&sessi", "onid=|", alnum[:32], "|")},
		{"url-session", join("/x;jsessi", "onid=|", alnum[:32], "|?x=1")},
	}
}

// letter turns digits into letters.
func letter(r rune) rune {
	if '0' <= r && r <= '9' {
		return r - '0' + 'q'
	}
	return r
}

func TestSecretRules(t *testing.T) {
	hash := engine(t, redact.Config{})
	mask := engine(t, redact.Config{Detectors: map[string]redact.Detector{"secret": {Action: redact.ActionMask}}})
	seen := map[string]bool{}
	for _, c := range planted() {
		id, parts := c[0], strings.SplitN(c[1], "|", 3)
		seen[id] = true
		text := strings.Join(parts, "")
		for _, around := range [][2]string{{"", ""}, {"see ", " there"}, {"line\n", "\nline"}, {`("`, `")`}} {
			in := around[0] + text + around[1]
			if strings.HasSuffix(c[1], "cut off|") {
				in = around[0] + text
				around[1] = ""
			}
			got := marked(t, hash, in)
			want := around[0] + parts[0] + "<secret>" + parts[2] + around[1]
			if got != want {
				t.Errorf("%s: %q\n got  %q\n want %q", id, in, got, want)
			}
			out, counts, err := mask.Text(keys(), in)
			if again, more, _ := mask.Text(keys(), out); again != out || more != nil {
				t.Errorf("%s: masked %q, masked again %q", id, out, again)
			}
			if err != nil || len(counts) != 1 || counts[0].N != 1 || !strings.Contains(out, "[secret:") {
				t.Errorf("%s: masked %q, %v, %v", id, out, counts, err)
			}
		}
	}
	for _, id := range redact.RuleIDs(hash) {
		if !seen[id] {
			t.Errorf("rule %s has no test", id)
		}
	}
}

func TestNoSecret(t *testing.T) {
	f := table(t, redact.Config{})
	for _, s := range []string{
		"call_oIHazX6yQrB8hUwl4cRilFKj", "chatcmpl-A1b2C3d4E5f6G7h8I9j0K1l2M3n4", "toolu_01A09q90qw90lq917835lq9",
		"9fceb02d0ae598e95dc970b74767f19372d61af8", "550e8400-e29b-41d4-a716-446655440000", "sk-learn", "task-list", "risk-free",
		"AKIA", join("AKIA", "IOSFODNN7EXAMPLE"), "ghp_short", "the basic idea is", "the bearer of bad news", "eyJhbGci",
		"https://example.com:8080/a@b", "http://localhost:3000/path?x=@y", "s.replace('a', 'b')", "os.path.join(path, pattern)",
		"-----BEGIN CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----", "key-value", "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4",
		"input_tokens: 1234", "max_tokens=4096", "token_count: 12345678", "total_tokens\": 123456", "tokens: 123456",
		"tokenizer=AutoTokenizer.from_pretrained('x1')", "password", "secret", "forgot your password?", "the secret: never give up",
		"password: str", "password=None", "password = self.password", "password=get_password()", "password=os.environ['X']",
		"password=${PASSWORD}", "password: <your password>", "password = models.CharField(max_length=128)", "password=password",
		"token = parser.next_token", "key=lambda x: x", "key: mia_li_3668", "key='user_id'", "cookie: yes", "authorization: required",
		"PWD=/home/user/src1", "secret == other1", "password != 'x1y2z3'", "next_page_token: 12", "auth: none", "primary_key=True",
		"sort_key = 'a1'", "Password: Please choose a new one", "api_key: str = Field(...)", "credentials: 'same-origin'",
		"docker run --name mysql -p3306:3306 mysql:8", "mysql -u root -p shop", "mysql -p$PW", "mysql -p<password>", "sshpass -p \"$PW\" ssh db", "sshpass -e ssh db",
		"login page pass" + "word reset", "docker login -u a --pass" + "word-stdin", "login -p $PW", "curl -o my-user:8080", "curl -u https://example.com", "curl https://my-us:8080/x", "/x?session=settings", "/x?sig=none", "def f(signature=inspect_signature_of(x))",
		"?session=checkout-page-step-two", "password2", "key1: value", "erlang/otp:26.2.1", "OTP=26.2.1", "sig: SIGTERM", "otp: see below", "verification_code: none",
		"x['password', 'y1']", `os.getenv("API_KEY", "dev1")`, "('password', 'email')", "['cookie', 'accept']", `["key", "value"]`, "['password', 'hash', 'salt1']",
		"discord: see below", "sentry_event_id=9fceb02d0ae598e95dc970b74767f193", "twitter = tweepy.Client2(x)", "facebook: 1234567890123456", "linear: true",
		"path.lob=abc", "linear_issue: ENG-1234", "live_update_of_the_page_every_5_minutes_for_all", "test_that_the_parser_reads_2_lines", "sk.learn.pipeline", "24 1/2/2024", "pattern=re.compile(r'x')", "pass: 3", "std::token=1", "pin: see below",
	} {
		f(s, s)
	}
}

func TestAssignment(t *testing.T) {
	f := table(t, redact.Config{})
	f("pass"+"word=hunter2", "pass"+"word=<secret>")
	f("PASS"+"WORD=letmein", "PASS"+"WORD=<secret>")
	f("?user=a&pass"+"word=letmein&x=1", "?user=a&pass"+"word=<secret>&x=1")
	f("pass"+"word: hunter2", "pass"+"word: <secret>")
	f("**Pass"+"word:** hunter2", "**Pass"+"word:** <secret>")
	f(`"pass`+`word": "open sesame"`, `"pass`+`word": "<secret>"`)
	f(`{\"pass`+`word\": \"open sesame\", \"x\": 1}`, `{\"pass`+`word\": \"<secret>\", \"x\": 1}`)
	f(`{\\\"pass`+`word\\\":\\\"open sesame\\\"}`, `{\\\"pass`+`word\\\":\\\"<secret>\\\"}`)
	f(`{'db_pass`+`word': 'geheim'}`, `{'db_pass`+`word': '<secret>'}`)
	f(`'pass`+`word' => 'geheim'`, `'pass`+`word' => '<secret>'`)
	f("<pass"+"word>geheim</pass"+"word>", "<pass"+"word><secret></pass"+"word>")
	f("client_sec"+"ret: \"abc def\"", "client_sec"+"ret: \"<secret>\"")
	f("OPENAI_API"+"_KEY=abcd", "OPENAI_API"+"_KEY=<secret>")
	f("x-api"+"-key: abcd1234", "x-api"+"-key: <secret>")
	f("Author"+"ization: Bearer abcdef", "Author"+"ization: <secret>")
	f("Author"+"ization: Basic YTpi\nAccept: */*", "Author"+"ization: <secret>\nAccept: */*")
	f(`-H "Author`+`ization: Bearer abcdef" -v`, `-H "Author`+`ization: <secret>" -v`)
	f("Cook"+"ie: sid=abc; theme=dark\nX: y", "Cook"+"ie: <secret>\nX: y")
	f("Set-Cook"+"ie: sid=abc; Path=/", "Set-Cook"+"ie: <secret>")
	f("token="+alnum[:24], "token=<secret>")
	f("token: '"+hexes[:32]+"'", "token: '<secret>'")
	f("key="+alnum[:32], "key=<secret>")
	f("userPass"+"word = \"geheim\"", "userPass"+"word = \"<secret>\"")
	f("pass"+"word := \"geheim\"", "pass"+"word := \"<secret>\"")
	f("pass"+"word=\"cut off he", "pass"+"word=\"<secret>")
	f("Pass"+"wort: geheim1!", "Pass"+"wort: <secret>")
	f("pass"+"word2=hunter2", "pass"+"word2=<secret>")
	f("DB_PASS"+"WORD_2: \"geheim\"", "DB_PASS"+"WORD_2: \"<secret>\"")
	f("session"+"_key=hunter2", "session"+"_key=<secret>")
	f("OTP: 493817", "OTP: <secret>")
	f("otp='493 817'", "otp='<secret>'")
	f("auth"+"_token: abc123", "auth"+"_token: <secret>")
	f("sig="+alnum[:24], "sig=<secret>")
	f("?a=b&access"+"_token="+alnum[:24]+"&c=d", "?a=b&access"+"_token=<secret>&c=d")

	// Pairs in text that is no JSON.
	f("[('Author"+"ization', 'Bearer abcdef'), ('Accept', 'x1')]", "[('Author"+"ization', '<secret>'), ('Accept', 'x1')]")
	f(`got [\"x-api`+`-key\",\"abcd1\"]`, `got [\"x-api`+`-key\",\"<secret>\"]`)
	f(`{{"Cook`+`ie", "sid=abc"}}`, `{{"Cook`+`ie", "<secret>"}}`)
}

func TestRulesFile(t *testing.T) {
	good := writeRules(t, "rules:\n- id: house\n  keywords: [HSE-]\n  regexp: 'HSE-[0-9]{6}'\n- id: jwt\n  keywords: [zzz]\n  regexp: zzz\n")
	f := table(t, redact.Config{RulesFile: good, DisableRules: []string{"npm-token"}})
	f("x HSE-123456", "x <secret>")
	f(join("np", "m_", alnum[:36]), join("np", "m_", alnum[:36]))
	bad := func(text, want string) {
		t.Helper()
		_, err := redact.New(redact.Config{RulesFile: writeRules(t, text)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gave the error %v, want %q in it", text, err, want)
		}
	}
	bad("rules:\n- id: a\n  keywords: [ab]\n  regexp: '('\n", `"a"`)
	bad("rules:\n- id: B\n  keywords: [ab]\n  regexp: 'x'\n", `"B"`)
	bad("rules:\n- id: c\n  regexp: 'x'\n", "no keywords")
	bad("rules:\n- id: d\n  keywords: [a]\n  regexp: 'x'\n", "two bytes")
	bad("rules:\n- id: e\n  keywords: [ab]\n", "no regexp")
	bad("rules:\n- id: f\n  keywords: [ab]\n  regexp: 'x*'\n", "empty text")
	bad("rules:\n- id: g\n  keywords: [ab]\n  regexp: 'x'\n  group: 1\n", "group 1")
	bad("rules:\n- id: h\n  keywords: [ab]\n  regexp: 'x'\n  entropy: 9\n", "entropy")
	bad("rules:\n- id: i\n  keywords: [AB]\n  fold: true\n  regexp: 'x'\n", "lower case")
	bad("rules:\n- id: j\n  keywords: [ab]\n  regexp: 'x'\n- id: j\n  keywords: [ab]\n  regexp: 'x'\n", "twice")
	bad("rules:\n- id: k\n  key: [ab]\n", "key")
	if _, err := redact.New(redact.Config{DisableRules: []string{"none"}}); err == nil {
		t.Error("a rule that is not there could be disabled")
	}
}
