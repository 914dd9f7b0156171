package redact_test

import (
	"testing"

	"github.com/hansardhq/hansard/internal/redact"
)

func TestCard(t *testing.T) {
	f := table(t, redact.Config{})
	hit := func(s string) {
		t.Helper()
		f("x "+s+" y", "x <card> y")
		f(s, "<card>")
		f(s+" 12/27 123", "<card> 12/27 123")
	}
	hit("4111111111111111")
	hit("4111 1111 1111 1111")
	hit("4111-1111-1111-1111")
	hit("5555 5555 5555 4444")
	hit("2223003122003222")
	hit("378282246310005")
	hit("3782 822463 10005")
	hit("30569309025904")
	hit("3056 930902 5904")
	hit("6011111111111117")
	hit("3530111333300000")
	hit("6200000000000005")
	f("card 4222222222222", "card <card>")
	f("cc=4111111111111111&x=1", "cc=<card>&x=1")
	f("/pay/4111111111111111/ok", "/pay/<card>/ok")
	f("n:4111111111111111", "n:<card>")
	f("(4111111111111111)", "(<card>)")
	f("卡号4111111111111111。", "卡号<card>。")
	f(`\n4111111111111111\n`, `\n<card>\n`)
}

func TestNoCard(t *testing.T) {
	f := table(t, redact.Config{})
	for _, s := range []string{
		"4111111111111112", "a4111111111111111", "4111111111111111b", "41111111111111111", "credit_card_4111111111111111",
		"0.4111111111111111", "4111111111111111.5", "1763907781251234567", "4222222222222", "4111 1111 1111 1112",
		"4111 11111111 1111", "0000 0000 0000 0000", "1234567812345670", "deadbeef4111111111111111",
		"4111_1111_1111_1111", "20240520150405", "978-3-16-148410-0", "00f067aa0ba902b7",
	} {
		f(s, s)
	}
}

func TestSSN(t *testing.T) {
	f := table(t, redact.Config{})
	f("123-45-6789", "<ssn>")
	f("SSN 123 45 6789", "SSN <ssn>")
	f("ssn: 123456789", "ssn: <ssn>")
	f("Social Security Number = 123-45-6789.", "Social Security Number = <ssn>.")
	f("a 123-45-6789, b", "a <ssn>, b")
	for _, s := range []string{"000-45-6789", "666-45-6789", "912-45-6789", "123-00-6789", "123-45-0000", "123456789",
		"123 45 6789", "123-45-67890", "x123-45-6789", "a-123-45-6789", "123-45-6789-1", "2024-05-2020"} {
		f(s, s)
	}
}

func TestIBAN(t *testing.T) {
	f := table(t, redact.Config{})
	hit := func(s string) {
		t.Helper()
		f("x "+s+" y", "x <iban> y")
		f(s, "<iban>")
		f("IBAN:"+s+".", "IBAN:<iban>.")
	}
	hit("DE89370400440532013000")
	hit("DE89 3704 0044 0532 0130 00")
	hit("GB29 NWBK 6016 1331 9268 19")
	hit("FR14 2004 1010 0505 0001 3M02 606")
	hit("NL91ABNA0417164300")
	hit("CH93 0076 2011 6238 5295 7")
	hit("BE68539007547034")
	hit("NO93 8601 1117 947")
	hit("MT84MALT011000012345MTLCAST001S")
	hit("ES91 2100 0418 4502 0005 1332")
	hit("IT60X0542811101000000123456")
	hit("PL61109010140000071219812874")
	hit("AT611904300234573201")
	hit("SA0380000000608010167519")
	for _, s := range []string{"DE88370400440532013000", "DE8937040044053201300", "XX89370400440532013000", "DE893704004405320130001",
		"aDE89370400440532013000", "GB29 is not", "DE12 and so on and so forth"} {
		f(s, s)
	}
}

func TestIP(t *testing.T) {
	f := table(t, redact.Config{Detectors: map[string]redact.Detector{"ip": {Action: redact.ActionHash}}})
	f("from 203.0.113.7:8080", "from <ip>:8080")
	f("1.1.1.1", "<ip>")
	f("2001:db8::1 and 2001:0db8:0:0:0:0:0:1", "<ip> and <ip>")
	f("[2001:db8::8a2e:370:7334]:443", "[<ip>]:443")
	f("::ffff:203.0.113.7", "<ip>")
	for _, s := range []string{"127.0.0.1", "::1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "version 1.2.3.4", "v1.2.3.4", "12:30:45", "00:1a:2b:3c:4d:5e", "std::cout", "a::b", "fe::cafe::1", "x1.2.3.4"} {
		f(s, s)
	}
	off := table(t, redact.Config{})
	off("203.0.113.7 2001:db8::1", "203.0.113.7 2001:db8::1")
	e := engine(t, redact.Config{Detectors: map[string]redact.Detector{"ip": {Action: redact.ActionHash}}})
	a, _, _ := e.Text(keys(), "2001:db8::1")
	if b, _, _ := e.Text(keys(), "2001:0DB8:0:0:0:0:0:1"); a != b {
		t.Errorf("one address has two pseudonyms, %s and %s", a, b)
	}
}

func TestBirth(t *testing.T) {
	f := table(t, redact.Config{})
	f("dob: 1990-04-05", "dob: <dob>")
	f("Date of birth: 4 May 1990, Berlin", "Date of birth: <dob>, Berlin")
	f("Date of Birth: May 4, 1990.", "Date of Birth: <dob>.")
	f("DOB=05/04/1990&x=1", "DOB=<dob>&x=1")
	f("Geburtsdatum: 05.04.1990", "Geburtsdatum: <dob>")
	f(`"birthday": "1990-04-05"`, `"birthday": "<dob>"`)
	f("'date_of_birth': '1990-04-05'", "'date_of_birth': '<dob>'")
	f("He was born on 4 May 1990.", "He was born on <dob>.")
	f("born 1990-04-05 in Rome", "born <dob> in Rome")
	f("dob 04/05/1990", "dob <dob>")
	f("born to run 1990", "born to run 1990")
	f("stubborn 1990-04-05", "stubborn 1990-04-05")
	f("date: 1990-04-05", "date: 1990-04-05")
	f("dob: unknown", "dob: unknown")
	f("Your birthday is in your user profile so you do not", "Your birthday is in your user profile so you do not")
	f("birthday: see the profile of 3 users", "birthday: see the profile of 3 users")
}
