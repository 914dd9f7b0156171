package redact_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hansardhq/hansard"
	"github.com/hansardhq/hansard/internal/redact"
)

func TestPairsInArrays(t *testing.T) {
	f := jsonTable(t)
	same := func(in string) { t.Helper(); f(in, in) }
	f(`["x-api-key","abc"]`, `["x-api-key","<secret>"]`)
	f(`{"headers":[["Accept","a/b"],["Cookie","session=x"],["AUTHORIZATION","Bearer lowentropy"]]}`,
		`{"headers":[["Accept","a/b"],["Cookie","<secret>"],["AUTHORIZATION","<secret>"]]}`)
	f(`["Host","a.example","Author\u0069zation","Basic YTpi","X-Api_Key","a1","Accept","b"]`,
		`["Host","a.example","Author\u0069zation","<secret>","X-Api_Key","<secret>","Accept","b"]`)
	f(`["DB_PASSWORD","hunter"]`, `["DB_PASSWORD","<secret>"]`)
	f(`["Authorization:","Bearer x1y2"]`, `["Authorization:","<secret>"]`)
	f(`["Set-Cookie","a=b; Path=/"]`, `["Set-Cookie","<secret>"]`)
	f(`["token","`+alnum[:24]+`"]`, `["token","<secret>"]`)
	f(`["card_number","4000 0000 0000 0000"]`, `["card_number","<card>"]`)

	same(`{"required":["password","salt"]}`)
	same(`["password","email"]`)
	same(`["password","token"]`)
	same(`["password","hash","salt"]`)
	same(`["name","password","salt"]`)
	same(`["Authorization","Content-Type"]`)
	same(`["Cookie","Accept-Encoding"]`)
	same(`["key","value"]`)
	same(`["token","count"]`)
	same(`["secret",5]`)
	same(`["forgot your password","ask the desk"]`)
	same(`["password",{"type":"string","minLength":8}]`)
}

func TestPairsInObjects(t *testing.T) {
	f := jsonTable(t)
	same := func(in string) { t.Helper(); f(in, in) }
	for _, name := range []string{"name", "key", "field", "header", "param", "Name", "ParameterKey", "header_name"} {
		for _, value := range []string{"value", "val", "content", "data", "Value", "parameter_value"} {
			f(fmt.Sprintf(`{%q:"DB_PASSWORD",%q:"x","a":"b"}`, name, value), fmt.Sprintf(`{%q:"DB_PASSWORD",%q:"<secret>","a":"b"}`, name, value))
			f(fmt.Sprintf(`{%q:"x","on":true,%q:"password"}`, value, name), fmt.Sprintf(`{%q:"<secret>","on":true,%q:"password"}`, value, name))
			same(fmt.Sprintf(`{%q:"DB_USER",%q:"x"}`, name, value))
		}
	}
	f(`{"n\u0061me":"password","v\u0061lue":"x"}`, `{"n\u0061me":"password","v\u0061lue":"<secret>"}`)
	f(`{"header":"Cookie","content":"a=b; c=d"}`, `{"header":"Cookie","content":"<secret>"}`)
	f(`{"name":"password","key":"a","value":"x"}`, `{"name":"password","key":"a","value":"<secret>"}`)
	f(`{"name":"otp","value":493817}`, `{"name":"otp","value":"<secret>"}`)
	same(`{"role":"tool","name":"reset_password","content":"done"}`)
	same(`{"content":"done","name":"reset_password","role":"tool"}`)
	same(`{"name":"reset_password","content":"The link was sent."}`)
	same(`{"name":"reset_password","content":"{\"ok\":true}"}`)
	same(`{"name":"password","value":"string"}`)
	same(`{"value":"x","a":{"name":"password"}}`)
}

func TestNumberedNames(t *testing.T) {
	f := jsonTable(t)
	f(`{"password2":"x","api_key_1":"y","session_key":"z","auth_token":"q","otp":"493817","OTP_Code":493817}`,
		`{"password2":"<secret>","api_key_1":"<secret>","session_key":"<secret>","auth_token":"<secret>","otp":"<secret>","OTP_Code":"<secret>"}`)
	f(`{"sig":"`+alnum[:32]+`","phone2":"4155552671"}`, `{"sig":"<secret>","phone2":"<phone>"}`)
	in := `{"key1":"value","sig":"SIGTERM","otp":"none","otp2":12,"password2024":"x","token1":"the"}`
	f(in, in)
}

func TestCommandArguments(t *testing.T) {
	f := jsonTable(t)
	same := func(in string) { t.Helper(); f(in, in) }
	f(`["/usr/bin/mysql","-u","root","-phunter","shop"]`, `["/usr/bin/mysql","-u","root","-p<secret>","shop"]`)
	f(`["sudo","sshpass","-p","hunter","ssh","db"]`, `["sudo","sshpass","-p","<secret>","ssh","db"]`)
	f(`["sshpass","-phunter","ssh"]`, `["sshpass","-p<secret>","ssh"]`)
	f(`["curl","-u","anna:x y","https://a.example"]`, `["curl","-u","anna:<secret>","https://a.example"]`)
	f(`["curl","-uanna:a1"]`, `["curl","-uanna:<secret>"]`)
	f(`["curl","--user","anna@example.com:a1"]`, `["curl","--user","<email>:<secret>"]`)
	same(`["mysql","-p","shop"]`)
	same(`["mysql","-p$PW"]`)
	same(`["docker","run","--name","mysql","-p3306:3306"]`)
	same(`["ls","-p","dir"]`)
	same(`["curl","-u","$LOGIN","https://a.example:80"]`)
	same(`["curl","-u","anna:$PW"]`)
}

// TestDropArguments checks that a flag whose value was dropped claims nothing
// else when the event comes again.
func TestDropArguments(t *testing.T) {
	e := engine(t, redact.Config{Detectors: map[string]redact.Detector{"secret": {Action: redact.ActionDrop}}})
	in := `["sshpass","-phunter","ssh","db"]`
	for range 2 {
		r, err := e.Redact(keys(), &hansard.Entry{Event: hansard.Event{Params: json.RawMessage(in)}})
		if err != nil {
			t.Fatal(err)
		}
		if in = string(r.Entry().Params); !strings.HasSuffix(in, `"","ssh","db"]`) {
			t.Errorf("got %s", in)
		}
	}
}
