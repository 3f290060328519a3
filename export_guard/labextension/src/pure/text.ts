/** Texts with `{name}` places, as in Carrel's catalogue (`locales/zh_CN.po`). */

export type Values = Readonly<Record<string, string | number>>;

/** Gives the text for an English id, its places filled. */
export type Translate = (id: string, values?: Values) => string;

/** `text` with each `{name}` replaced from `values`; a place nobody fills stays as it is. */
export function fill(text: string, values: Values = {}): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : place
  );
}

/** A translator over `catalogue`; an id it lacks stands for itself. */
export function translator(catalogue: Readonly<Record<string, string>>): Translate {
  return (id, values) => fill((Object.hasOwn(catalogue, id) && catalogue[id]) || id, values);
}

/** Keeps what a server sent only where it is a flat table of strings. */
export function asCatalogue(answer: unknown): Record<string, string> {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
    return {};
  }
  return Object.fromEntries(
    Object.entries(answer).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  );
}

/** Whether a browser that prefers `languages` reads Chinese before English. */
export function prefersChinese(languages: readonly string[]): boolean {
  for (const language of languages) {
    const primary = language.toLowerCase().split(/[-_]/)[0];
    if (primary === 'zh' || primary === 'en') {
      return primary === 'zh';
    }
  }
  return false;
}
