import type { Schemas } from "./client";
import type { Completion, EventPage, Facets, Histogram } from "./search";

/**
 * Holds the shapes that pages use against those that the server describes: where
 * the server's change, this does not compile. What is checked is that each of our
 * members is there, with the same type or a wider one.
 */
type Like<Ours, Theirs> = { [K in keyof Ours]-?: K extends keyof Theirs ? (NonNullable<Theirs[K]> extends NonNullable<Ours[K]> ? true : [K, "is of another type"]) : [K, "is not there"] }[keyof Ours];

type Sound<T extends true> = T;

export type Checks = [
  Sound<Like<Histogram, Schemas["Histogram"]>>,
  Sound<Like<Omit<Facets, "facets">, Schemas["Facets"]>>,
  Sound<Like<Omit<Completion, "items" | "problem">, Schemas["Completion"]>>,
  Sound<Like<Omit<EventPage, "events">, Schemas["EventList"]>>,
];
