/** Keeps the last so many values that were used. */
export class LastUsed<K, V> {
  private readonly kept = new Map<K, V>();

  constructor(private readonly most: number) {}

  get size(): number {
    return this.kept.size;
  }

  /** The value, which counts as used now. */
  get(key: K): V | undefined {
    const value = this.kept.get(key);
    if (value !== undefined) {
      this.kept.delete(key);
      this.kept.set(key, value);
    }
    return value;
  }

  /** The value, without a use. */
  peek(key: K): V | undefined {
    return this.kept.get(key);
  }

  set(key: K, value: V): void {
    this.kept.delete(key);
    this.kept.set(key, value);
    if (this.kept.size > this.most) {
      // A map keeps the order of insertion: the first is the one least lately used.
      for (const oldest of this.kept.keys()) {
        this.kept.delete(oldest);
        break;
      }
    }
  }

  delete(key: K): void {
    this.kept.delete(key);
  }

  clear(): void {
    this.kept.clear();
  }
}
