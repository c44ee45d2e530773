/** What a stream must be called; at least one key is given. */
export interface StreamQuery {
  readonly name?: string | undefined;
  readonly type?: string | undefined;
  readonly sourceId?: string | undefined;
}

const PROPERTIES = [
  ["name", "name"],
  ["type", "type"],
  ["sourceId", "source_id"],
] as const;

/** The query in liblsl's language, an XPath 1.0 predicate. XPath has no escapes: a text with both quotes is joined from pieces. */
export function predicate(query: StreamQuery): string {
  return PROPERTIES.flatMap(([key, property]) => {
    const value = query[key];
    return value === undefined ? [] : [`${property}=${literal(value)}`];
  }).join(" and ");
}

function literal(text: string): string {
  if (!text.includes("'")) return `'${text}'`;
  if (!text.includes('"')) return `"${text}"`;
  return `concat(${text
    .split("'")
    .map((piece) => `'${piece}'`)
    .join(`,"'",`)})`;
}

/** For people: `name X, type Y`. */
export function describeQuery({ name, type, sourceId }: StreamQuery): string {
  const parts = [name && `name ${name}`, type && `type ${type}`, sourceId && `source_id ${sourceId}`];
  return parts.filter(Boolean).join(", ");
}
