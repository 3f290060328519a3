/** A tree by the ARIA pattern: one tab stop, arrow keys inside, drawn only where it is open. */

import { element } from './page.js';
import { type Node, opened, search } from './pure/tree.js';

interface Row {
  node: Node;
  parent: Row | null;
  level: number;
  position: number;
  siblings: number;
}

/** More rows than anyone scrolls through; a search narrows them. */
const MOST_ROWS = 2000;

export class DataTree {
  readonly node = element('div', { className: 'carrel-Tree' });
  /** Called when a table is asked for by Enter or a double click. */
  onAction: (node: Node) => void = () => undefined;
  private nodes: Node[] = [];
  private shown: Node[] = [];
  private query = '';
  private open = new Set<string>();
  private rows: Row[] = [];
  private current: string | null = null;

  constructor(
    label: string,
    private readonly onChoose: (node: Node | null) => void
  ) {
    this.node.setAttribute('role', 'tree');
    this.node.setAttribute('aria-label', label);
    this.node.addEventListener('keydown', event => this.onKey(event));
    this.node.addEventListener('click', event => this.onClick(event));
    this.node.addEventListener('dblclick', event => this.onDoubleClick(event));
  }

  /** Show `nodes`; what was open and chosen stays so. */
  write(nodes: Node[]): void {
    if (this.nodes.length === 0) {
      nodes.forEach(node => this.open.add(node.id));
    }
    this.nodes = nodes;
  }

  /** Show only what holds the words of `query`. */
  find(query: string): void {
    const asked = query.trim();
    this.shown = search(this.nodes, asked);
    if (asked && asked !== this.query) {
      opened(this.shown, asked).forEach(id => this.open.add(id));
    }
    this.query = asked;
    this.draw();
  }

  focus(): void {
    this.move(this.index() >= 0 ? this.index() : 0);
  }

  private draw(): void {
    this.rows = [];
    const walk = (nodes: readonly Node[], parent: Row | null, level: number): void => {
      nodes.forEach((node, position) => {
        if (this.rows.length < MOST_ROWS) {
          const row = { node, parent, level, position, siblings: nodes.length };
          this.rows.push(row);
          if (this.open.has(node.id)) {
            walk(node.children, row, level + 1);
          }
        }
      });
    };
    walk(this.shown, null, 1);
    const focused = this.node.contains(document.activeElement);
    if (!this.rows.some(row => row.node.id === this.current)) {
      this.current = null;
    }
    this.node.hidden = this.rows.length === 0;
    this.node.replaceChildren(...this.rows.map((row, index) => this.item(row, index)));
    this.onChoose(this.rows[this.index()]?.node ?? null);
    if (focused) {
      this.focus();
    }
  }

  private item(row: Row, index: number): HTMLElement {
    const { node } = row;
    const chosen = this.current ? node.id === this.current : index === 0;
    const item = element('div', { className: 'carrel-Tree-item', tabIndex: chosen ? 0 : -1 }, [
      element('span', { className: 'carrel-Tree-twist' }),
      element('span', { className: 'carrel-Tree-name' }, [node.name]),
      element('span', { className: 'carrel-Tree-title' }, [node.title]),
      element('span', { className: 'carrel-Tree-note' }, [node.note])
    ]);
    item.title = [node.name, node.title, node.note].filter(Boolean).join(' · ');
    item.dataset['kind'] = node.kind;
    item.dataset['index'] = String(index);
    item.style.setProperty('--carrel-level', String(row.level - 1));
    item.setAttribute('role', 'treeitem');
    item.setAttribute('aria-level', String(row.level));
    item.setAttribute('aria-posinset', String(row.position + 1));
    item.setAttribute('aria-setsize', String(row.siblings));
    item.setAttribute('aria-selected', String(node.id === this.current));
    if (node.children.length > 0) {
      item.setAttribute('aria-expanded', String(this.open.has(node.id)));
    }
    return item;
  }

  private index(): number {
    return this.rows.findIndex(row => row.node.id === this.current);
  }

  private move(index: number): void {
    const row = this.rows[Math.max(0, Math.min(index, this.rows.length - 1))];
    if (!row) {
      return;
    }
    if (row.node.id !== this.current) {
      this.current = row.node.id;
      this.onChoose(row.node);
    }
    for (const item of this.node.children) {
      const chosen = (item as HTMLElement).dataset['index'] === String(this.rows.indexOf(row));
      item.setAttribute('aria-selected', String(chosen));
      (item as HTMLElement).tabIndex = chosen ? 0 : -1;
      if (chosen) {
        (item as HTMLElement).focus({ preventScroll: true });
        item.scrollIntoView({ block: 'nearest' });
      }
    }
  }

  private toggle(row: Row, open: boolean): void {
    this.current = row.node.id;
    if (open) {
      this.open.add(row.node.id);
    } else {
      this.open.delete(row.node.id);
    }
    this.draw();
    this.focus();
  }

  private rowAt(event: Event): Row | undefined {
    const item = (event.target as Element).closest<HTMLElement>('.carrel-Tree-item');
    return item ? this.rows[Number(item.dataset['index'])] : undefined;
  }

  private onClick(event: MouseEvent): void {
    const row = this.rowAt(event);
    if (!row) {
      return;
    }
    const same = row.node.id === this.current;
    const twist = (event.target as Element).classList.contains('carrel-Tree-twist');
    const isOpen = this.open.has(row.node.id);
    if (row.node.children.length > 0 && event.detail < 2 && (twist || same || !isOpen)) {
      this.toggle(row, !isOpen);
    } else {
      this.move(this.rows.indexOf(row));
    }
  }

  private onDoubleClick(event: MouseEvent): void {
    const row = this.rowAt(event);
    if (row?.node.kind === 'table') {
      this.onAction(row.node);
    }
  }

  private onKey(event: KeyboardEvent): void {
    const row = this.rows[this.index()] ?? this.rows[0];
    if (!row || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    const index = this.rows.indexOf(row);
    const parent = row.node.children.length > 0;
    const isOpen = parent && this.open.has(row.node.id);
    const act = (
      {
        ArrowDown: () => this.move(index + 1),
        ArrowUp: () => this.move(index - 1),
        Home: () => this.move(0),
        End: () => this.move(this.rows.length - 1),
        ArrowRight: () => (parent && !isOpen ? this.toggle(row, true) : this.move(index + 1)),
        ArrowLeft: () => {
          if (isOpen) {
            this.toggle(row, false);
          } else if (row.parent) {
            this.move(this.rows.indexOf(row.parent));
          }
        },
        ' ': () => parent && this.toggle(row, !isOpen),
        Enter: () =>
          row.node.kind === 'table'
            ? this.onAction(row.node)
            : parent && this.toggle(row, !isOpen)
      } as Record<string, (() => unknown) | undefined>
    )[event.key];
    if (act) {
      event.preventDefault();
      event.stopPropagation();
      act();
    }
  }
}
