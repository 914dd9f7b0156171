package demo

import (
	"fmt"
	"strconv"
)

// person is somebody who does not exist: an address of example.com, .org or
// .net, a number that is reserved for fiction.
type person struct {
	name, email, phone, city string
	staff                    string // role in the company; empty: a customer
}

// customers is how many the company has.
const customers = 160

// customerAt returns the n-th customer.
func customerAt(n int) person {
	given := []string{"Maria", "Tom", "Aisha", "Lukas", "Chloé", "Jan", "Priya", "Mateo", "Ingrid", "Kofi", "Yuki", "Sofia", "Piotr", "Nora", "Elif", "Hugo"}
	family := []string{"Keller", "Okafor", "Rahman", "Novak", "Dubois", "de Vries", "Sharma", "Rossi", "Lindqvist", "Mensah", "Tanaka", "Costa", "Kowalska"}
	city := []string{"Hamburg", "Lyon", "Utrecht", "Porto", "Gdańsk", "Malmö", "Graz", "Leeds", "Bergamo", "Ghent"}
	first, last := given[n%len(given)], family[(n*5+n/16)%len(family)]
	mail := fmt.Sprintf("%s.%s%d@example.%s", ascii(first), ascii(last), n, []string{"com", "org", "net"}[n%3])
	return person{name: first + " " + last, email: mail, phone: fmt.Sprintf("+1 202-555-0%d", 100+n%100), city: city[(n*7)%len(city)]}
}

// ascii spells a name as in an address.
func ascii(name string) string {
	var b []byte
	for _, r := range name {
		switch {
		case 'A' <= r && r <= 'Z':
			b = append(b, byte(r-'A'+'a'))
		case 'a' <= r && r <= 'z':
			b = append(b, byte(r))
		case r == 'é':
			b = append(b, 'e')
		}
	}
	return string(b)
}

// staff returns who works for the company.
func (p *play) staff(role string) person {
	all := map[string][]string{
		"billing supervisor": {"J. Weber", "j.weber@example.com"},
		"support lead":       {"A. Lind", "a.lind@example.com"},
		"engineer":           {"R. Adeyemi", "r.adeyemi@example.com"},
		"second engineer":    {"M. Sato", "m.sato@example.com"},
		"product manager":    {"C. Moreau", "c.moreau@example.com"},
	}
	who := all[role]
	return person{name: who[0], email: who[1], staff: role}
}

// by makes the run a colleague's.
func (p *play) by(role string) *play {
	p.who = p.staff(role)
	p.user = p.who.email
	return p
}

// The agents that the first scenes do not have.
const code = "code"

// product is a thing that is sold, with its price in cents.
type product struct {
	name  string
	cents int
}

func (p *play) product() product {
	all := []product{
		{"Fjell 65 backpack", 18_900}, {"Tarn 2 tent", 34_900}, {"Skog rain jacket", 15_950}, {"Birk camping stove", 7_990},
		{"Lava down sleeping bag", 27_900}, {"Sti trail shoes, size 42", 13_900}, {"Kvist head torch", 4_490}, {"Elv dry bag 20 l", 2_990},
		{"Bre crampons", 11_900}, {"Myr gaiters", 3_990}, {"Vind wind shirt", 8_900}, {"Ly titanium mug", 2_490},
		{"Topp climbing harness", 6_490}, {"Nord merino base layer", 7_490}, {"Hytte thermos 1 l", 3_490}, {"Kart map case", 1_990},
	}
	return all[p.rng.IntN(len(all))]
}

// money writes cents as a person does; amount is them as a number.
func money(cents int) string    { return fmt.Sprintf("%d.%02d EUR", cents/100, cents%100) }
func amount(cents int) float64  { return float64(cents) / 100 }
func itoa(n int) string         { return strconv.Itoa(n) }
func (p *play) payment() string { return "pay_" + itoa(9000+p.no%90_000) }

// The models.
func codex() model  { return model{"gpt-5-codex", "openai", 1250, 125, 10_000} }
func flash() model  { return model{"gemini-2.5-flash", "google", 300, 30, 2500} }
func haiku() model  { return model{"claude-haiku-4-5", "anthropic", 1000, 100, 5000} }
func opus() model   { return model{"claude-opus-4-5", "anthropic", 5000, 500, 25_000} }
func onSite() model { return model{name: "llama-3.3-70b-instruct", provider: "vllm"} } // our own machines: nobody names a price

// The tools. Those of an MCP server carry its name.
func getOrder() tool     { return tool{"get_order", "read", 140, "order", "pii", "read"} }
func trackParcel() tool  { return tool{"track_parcel", "read", 420, "shipment", "internal", "read"} }
func searchPolicy() tool { return tool{"search_policy", "read", 260, "policy", "internal", "read"} }
func crmLookup() tool    { return tool{"crm.lookup_customer", "read", 330, "customer", "pii", "read"} }
func updateCRM() tool    { return tool{"crm.update_customer", "write", 380, "customer", "pii", "update"} }
func sendEmail() tool    { return tool{"send_email", "irreversible", 290, "mailbox", "pii", "send"} }
func getInvoice() tool   { return tool{"get_invoice", "read", 210, "invoice", "financial", "read"} }
func readTicket() tool   { return tool{"read_ticket", "read", 180, "ticket", "pii", "read"} }
func listOrders() tool   { return tool{"list_orders", "read", 520, "order", "pii", "read"} }
func processRefund() tool {
	return tool{"process_refund", "irreversible", 1150, "payment", "financial", "refund"}
}
func bankRefund() tool {
	return tool{"issue_bank_refund", "irreversible", 1400, "payment", "financial", "refund"}
}
func enqueueRefund() tool {
	return tool{"enqueue_refund", "write", 95, "refund_queue", "financial", "create"}
}
func webSearch() tool { return tool{"brave.web_search", "read", 900, "web", "public", "read"} }
func fetchPage() tool { return tool{"browser.fetch_page", "read", 1300, "web", "public", "read"} }
func httpPost() tool  { return tool{"browser.http_post", "write", 600, "web", "public", "send"} }
func searchCode() tool {
	return tool{"github.search_code", "read", 480, "repository", "internal", "read"}
}
func readFile() tool { return tool{"github.read_file", "read", 160, "repository", "internal", "read"} }
func runTests() tool {
	return tool{"sandbox.run_tests", "none", 21_000, "repository", "internal", "run"}
}
func applyPatch() tool {
	return tool{"github.apply_patch", "write", 350, "repository", "internal", "update"}
}
func openPull() tool {
	return tool{"github.open_pull_request", "write", 900, "repository", "internal", "create"}
}
