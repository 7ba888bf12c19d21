/** One message of a server-sent stream. */
export interface ServerSent {
  id?: string;
  event: string;
  data: string;
}

/** Reads server-sent events out of text that comes in pieces. Comments give nothing. */
export class ServerSentParser {
  private rest = "";
  private id: string | undefined;
  private event = "";
  private data: string[] = [];

  push(text: string): ServerSent[] {
    const found: ServerSent[] = [];
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (this.data.length > 0) found.push({ id: this.id, event: this.event || "message", data: this.data.join("\n") });
        this.event = "";
        this.data = [];
        continue;
      }
      const colon = line.indexOf(":");
      if (colon === 0) continue;
      const name = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (name === "data") this.data.push(value);
      else if (name === "event") this.event = value;
      else if (name === "id") this.id = value;
    }
    return found;
  }
}
