package redact

import "strings"

// callingCodes holds the country calling codes of one and two digits and, with
// an x, the leading pairs under which all codes have three digits (ITU E.164).
const callingCodes = " 1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 " +
	"51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 " +
	"21x 22x 23x 24x 25x 26x 29x 35x 37x 38x 42x 50x 59x 67x 68x 69x 80x 85x 87x 88x 96x 97x 99x "

// splitCallingCode splits digits into the country code and the rest; the code
// is empty if there is none.
func splitCallingCode(digits []byte) (code string, rest []byte) {
	if len(digits) < 4 {
		return "", digits
	}
	for n := 1; n <= 2; n++ {
		if c := string(digits[:n]); strings.Contains(callingCodes, " "+c+" ") {
			return c, digits[n:]
		}
	}
	if strings.Contains(callingCodes, " "+string(digits[:2])+"x ") {
		return string(digits[:3]), digits[3:]
	}
	return "", digits
}

// subscriberLength returns the least and the largest number of digits that
// follow a country code.
func subscriberLength(code string) (low, high int) {
	switch code {
	case "1", "7", "57", "58", "91", "92":
		return 10, 10
	case "33", "34", "48", "351", "380", "420", "421":
		return 9, 9
	case "51", "56":
		return 8, 9
	case "86", "52", "54", "55", "62", "39":
		return 8, 12
	case "49", "43":
		return 6, 12
	case "44", "81", "82", "90", "63", "66", "84", "20", "27", "61":
		return 8, 11
	case "31", "32", "41", "46", "30", "36", "40", "64", "60":
		return 8, 10
	case "45", "47", "65":
		return 8, 8
	}
	return 6, 12
}
