package redact

// The kinds of what is found. A pseudonym and a count name one of them.
const (
	KindSecret = "secret" // passwords, tokens, private keys
	KindCard   = "card"   // payment card numbers
	KindIBAN   = "iban"   // international bank account numbers
	KindSSN    = "ssn"    // US social security numbers
	KindEmail  = "email"  // e-mail addresses
	KindPhone  = "phone"  // telephone numbers
	KindIP     = "ip"     // IPv4 and IPv6 addresses; off by default
	KindBirth  = "dob"    // dates of birth, by the name of their key
	KindPerson = "person" // values of the fields that name a person
)

// kind is a kind as a small number. Of two overlapping hits the one with the
// smaller number wins: a password in a URL looks like half an e-mail address.
type kind uint8

const (
	none kind = iota
	secret
	iban
	card
	ssn
	email
	phone
	ip
	birth
	person
	numKinds
)

// String returns the kind's name as it stands in pseudonyms and counts.
func (k kind) String() string {
	return [numKinds]string{"", KindSecret, KindIBAN, KindCard, KindSSN, KindEmail,
		KindPhone, KindIP, KindBirth, KindPerson}[k]
}

// kindOf returns the kind of the given name, none if there is no such kind.
func kindOf(name string) kind {
	for k := secret; k < numKinds; k++ {
		if k.String() == name {
			return k
		}
	}
	return none
}

// Action says what happens to a hit.
type Action string

// The actions.
const (
	ActionHash Action = "hash" // a pseudonym takes its place: pii:email:k1:0123456789abcdef
	ActionMask Action = "mask" // the kind takes its place: [email], [secret:aws-access-key]
	ActionDrop Action = "drop" // nothing takes its place: an empty string, or null for a number
	ActionKeep Action = "keep" // it is not looked for
)

func (a Action) valid() bool {
	return a == ActionHash || a == ActionMask || a == ActionDrop || a == ActionKeep
}
