// Package price says what the tokens of a model call cost: a dated table of prices
// by provider and model, which a file of one's own extends and overrides.
//
// Money is nano-dollars, a price nano-dollars for a million tokens; both are
// integers, so that sums do not depend on their order. What the table does not know
// has no price; it is never taken for free.
package price
