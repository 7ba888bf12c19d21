/**
 * When the browser has painted something of this document. What the first paint can do without waits for it: on a fast connection it would else be
 * asked for before, and the paint would wait for its code. A hidden tab paints nothing, so nothing waits there.
 */
export const painted: Promise<void> = new Promise((done) => {
  if (typeof document === "undefined" || document.hidden || !PerformanceObserver.supportedEntryTypes?.includes("paint")) {
    done();
    return;
  }
  const observer = new PerformanceObserver((list) => {
    // The paint before it is that of an empty document.
    if (list.getEntriesByName("first-contentful-paint").length === 0) return;
    observer.disconnect();
    done();
  });
  observer.observe({ type: "paint", buffered: true });
  setTimeout(done, 1_000);
});
