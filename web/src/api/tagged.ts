/** mostTagged is of how many answers the tags are kept. */
const mostTagged = 50;

/**
 * Tagged remembers the tags of answers, so that one that still holds need not come
 * again. The answers themselves are kept by whoever uses them: what nobody uses any
 * more goes from memory.
 */
export class Tagged {
  private readonly kept = new Map<string, { tag: string; answer: WeakRef<object> }>();

  /** keep remembers the tag of an answer; without a tag, or where it is no object, nothing. */
  keep(url: string, tag: string | null, answer: unknown) {
    this.kept.delete(url);
    if (!tag || typeof answer !== "object" || answer === null) return;
    this.kept.set(url, { tag, answer: new WeakRef(answer) });
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= mostTagged) break;
      this.kept.delete(oldest);
    }
  }

  /** find returns an answer that is still there, with its tag. */
  find(url: string): { tag: string; answer: object } | undefined {
    const k = this.kept.get(url);
    const answer = k?.answer.deref();
    return k && answer ? { tag: k.tag, answer } : undefined;
  }
}
