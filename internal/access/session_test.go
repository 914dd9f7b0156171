package access_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hansardhq/hansard/internal/access"
)

func TestSessions(t *testing.T) {
	tokens := mustTokens(t, tokenFile)
	sessions := access.NewSessions(tokens)
	h := wrapped(t, access.Config{Tokens: tokens, Sessions: sessions})
	ask := func(method string, change func(*http.Request)) (int, string) {
		r := request(method, "")
		r.RemoteAddr = "10.1.2.3:50000"
		change(r)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	cookie, id, err := sessions.Login(readerToken, true)
	if err != nil {
		t.Fatal(err)
	}
	if !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteStrictMode || cookie.MaxAge < 11*3600 {
		t.Errorf("cookie %+v", cookie)
	}
	if cookie.Value == readerToken || id.Role != access.RoleReader {
		t.Errorf("the cookie holds the token, or the role is %s", id.Role)
	}
	with := func(r *http.Request) { r.AddCookie(cookie) }
	if code, body := ask("GET", with); code != 200 || body != id.TokenID+" "+id.Tenant+" reader" {
		t.Errorf("with the cookie: %d %s", code, body)
	}
	if code, _ := ask("POST", with); code != 403 {
		t.Errorf("a reader's cookie may send events: %d", code)
	}
	if code, _ := ask("GET", func(r *http.Request) { r.AddCookie(cookie); r.Header.Set(access.TenantHeader, "another") }); code != 401 {
		t.Errorf("with the cookie for another tenant: %d", code)
	}
	if code, _ := ask("GET", func(r *http.Request) { r.AddCookie(cookie); r.Header.Set("Authorization", "Bearer wrong") }); code != 401 {
		t.Errorf("a wrong token beside a cookie: %d", code)
	}
	if code, _ := ask("GET", func(r *http.Request) { r.AddCookie(&http.Cookie{Name: access.SessionCookie, Value: "x"}) }); code != 401 {
		t.Errorf("with another's cookie: %d", code)
	}
	if gone := sessions.Logout(cookie.Value, true); gone.MaxAge >= 0 || gone.Value != "" {
		t.Errorf("logging out leaves %+v", gone)
	}
	if code, _ := ask("GET", with); code != 401 {
		t.Errorf("after logging out: %d", code)
	}
	if _, _, err := sessions.Login("wrong-token-of-24-characters", true); err == nil {
		t.Error("a wrong token logs in")
	}
	if _, _, err := access.NewSessions(nil).Login(readerToken, true); err == nil {
		t.Error("a server without tokens logs in")
	}
}

func TestSessionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sessions := access.NewSessions(mustTokens(t, tokenFile))
		cookie, _, err := sessions.Login(readerToken, false)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.AddCookie(cookie)
		time.Sleep(access.SessionTime - time.Second)
		if _, ok := sessions.Identify(r); !ok {
			t.Error("it ended too soon")
		}
		time.Sleep(time.Second)
		if _, ok := sessions.Identify(r); ok {
			t.Error("it did not end")
		}
	})
}
