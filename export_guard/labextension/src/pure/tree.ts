/** The data dictionary as a tree: extracts, tables, columns. Never rows. */

import { count, title } from './format.js';
import type { Translate } from './text.js';

export type Titles = Readonly<Record<string, string>> | string | null;
export type Codes = Readonly<Record<string, Titles>> | readonly (string | number)[] | null;

export interface Column {
  name: string;
  type: string;
  unit?: string | null;
  title?: Titles;
  codes?: Codes;
}

export interface Table {
  name: string;
  title?: Titles;
  rows: number | null;
  columns: Column[];
}

export interface Extract {
  name: string;
  version: string | number;
  title?: Titles;
  folder: string;
  tables: Table[];
}

export interface Node {
  /** Unique in the tree, the same after a refresh. */
  id: string;
  kind: 'extract' | 'table' | 'column';
  name: string;
  title: string;
  /** The short words behind the name: version, row count, type and unit. */
  note: string;
  /** Code and meaning of each coded value. */
  codes: { code: string; meaning: string }[];
  /** The table a column or a table belongs to, and its extract. */
  table?: Table;
  extract: Extract;
  children: Node[];
}

function codesOf(codes: Codes | undefined, chinese: boolean): Node['codes'] {
  if (!codes) {
    return [];
  }
  if (Array.isArray(codes)) {
    return codes.map(code => ({ code: String(code), meaning: '' }));
  }
  return Object.entries(codes as Record<string, Titles>).map(([code, titles]) => ({
    code,
    meaning: title(titles, chinese, '')
  }));
}

function columnNode(extract: Extract, table: Table, column: Column, chinese: boolean): Node {
  return {
    id: `${extract.name}/${table.name}/${column.name}`,
    kind: 'column',
    name: column.name,
    title: title(column.title, chinese, ''),
    note: column.unit ? `${column.type}, ${column.unit}` : column.type,
    codes: codesOf(column.codes, chinese),
    table,
    extract,
    children: []
  };
}

function tableNode(extract: Extract, table: Table, chinese: boolean, t: Translate): Node {
  return {
    id: `${extract.name}/${table.name}`,
    kind: 'table',
    name: table.name,
    title: title(table.title, chinese, ''),
    note: table.rows === null ? '' : t('{n} rows', { n: count(table.rows) }),
    codes: [],
    table,
    extract,
    children: table.columns.map(column => columnNode(extract, table, column, chinese))
  };
}

/** The tree of `extracts` in the reader's language. */
export function build(extracts: readonly Extract[], chinese: boolean, t: Translate): Node[] {
  return extracts.map(extract => ({
    id: extract.name,
    kind: 'extract' as const,
    name: extract.name,
    title: title(extract.title, chinese, ''),
    note: t('version {version}', { version: extract.version }),
    codes: [],
    extract,
    children: extract.tables.map(table => tableNode(extract, table, chinese, t))
  }));
}

function holds(node: Node, words: readonly string[]): boolean {
  const codes = node.codes.map(({ code, meaning }) => `${code} ${meaning}`).join(' ');
  const text = `${node.name} ${node.title} ${node.note} ${codes}`.toLowerCase();
  return words.every(word => text.includes(word));
}

/** The nodes that hold every word of `query`, with the way to each and all below it. */
export function search(nodes: readonly Node[], query: string): Node[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) {
    return [...nodes];
  }
  const found: Node[] = [];
  for (const node of nodes) {
    if (holds(node, words)) {
      found.push(node);
      continue;
    }
    const children = search(node.children, query);
    if (children.length > 0) {
      found.push({ ...node, children });
    }
  }
  return found;
}

/** The ids of `nodes` that lie on the way to something found, so that it can be seen. */
export function opened(nodes: readonly Node[], query: string): Set<string> {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const ids = new Set<string>();
  const walk = (node: Node): void => {
    if (node.children.length > 0 && (!holds(node, words) || node.kind === 'extract')) {
      ids.add(node.id);
      node.children.forEach(walk);
    }
  };
  if (words.length > 0) {
    nodes.forEach(walk);
  }
  return ids;
}

/** A Python name for a table, such as `labs_2024` for `labs-2024`. */
export function variable(name: string): string {
  const plain = name
    .normalize('NFKC')
    .replace(/[^A-Za-z0-9_]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return !plain ? 'table' : /^\d/.test(plain) || KEYWORDS.has(plain) ? `table_${plain}` : plain;
}

const KEYWORDS = new Set(
  ('and as assert async await break class continue def del elif else except finally for from ' +
    'global if import in is lambda nonlocal not or pass raise return try while with yield ' +
    'False None True pd').split(' ')
);

/** The cell that loads a table. */
export function snippet(extract: Extract, table: Table): string {
  const path = `${extract.folder.replace(/\/+$/, '')}/${table.name}.parquet`;
  return `import pandas as pd\n\n${variable(table.name)} = pd.read_parquet(${JSON.stringify(path)})`;
}
