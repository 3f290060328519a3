/** The **Data** panel: what the project may read, down to columns and codes. Never rows. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { DataTree } from './datatree.js';
import { dataIcon } from './icons.js';
import { closed } from './notices.js';
import { element } from './page.js';
import { title } from './pure/format.js';
import { type Node, build, snippet } from './pure/tree.js';
import { IDesk, ITexts } from './tokens.js';

class DataPanel extends Widget {
  private readonly heading = element('h2');
  private readonly until = element('p', { className: 'carrel-Data-until' });
  private readonly search = element('input', { type: 'search', className: 'jp-mod-styled' });
  private readonly empty = element('p', { className: 'carrel-Data-empty' });
  private readonly details = element('section', { className: 'carrel-Data-details' });
  private readonly insert = element('button', { type: 'button' });
  private readonly tree: DataTree;
  private selected: Node | null = null;

  constructor(
    private readonly desk: IDesk,
    private readonly texts: ITexts,
    private readonly load: (code: string) => Promise<void>
  ) {
    super();
    const { t } = texts;
    this.id = 'carrel-data';
    this.addClass('carrel-Data');
    this.title.icon = dataIcon;
    this.title.caption = t('Data');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', t('Data'));
    this.search.placeholder = t('Find a table or a column');
    this.search.setAttribute('aria-label', t('Find a table or a column'));
    this.insert.className = 'jp-mod-styled jp-mod-accept';
    this.insert.textContent = t('Load in the notebook');
    this.tree = new DataTree(t('Data'), node => this.choose(node));
    this.tree.onAction = node => void this.loadTable(node);
    this.details.setAttribute('aria-live', 'polite');
    this.node.append(
      element('header', {}, [this.heading, this.until, this.search]),
      this.empty,
      this.tree.node,
      this.details
    );
    this.search.addEventListener('input', () => this.tree.find(this.search.value));
    this.search.addEventListener('keydown', event => {
      if (event.key === 'ArrowDown') {
        event.preventDefault();
        this.tree.focus();
      }
    });
    this.insert.addEventListener('click', () => void this.loadTable(this.selected));
    desk.changed.connect(() => this.write());
    this.write();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    void this.desk.refresh().catch(() => undefined);
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.search.focus();
  }

  private write(): void {
    const { info } = this.desk;
    const { chinese, t } = this.texts;
    this.heading.textContent = info ? title(info.title, chinese, info.project) : '';
    this.until.textContent = info?.expires
      ? t('Open until {date}', { date: String(info.expires).slice(0, 10) })
      : '';
    this.tree.write(info ? build(info.extracts, chinese, t) : []);
    this.tree.find(this.search.value);
    this.empty.hidden = !!info && info.extracts.length > 0;
    this.empty.textContent = info
      ? t('No extract is granted to this project. Ask an administrator to grant one.')
      : t('Asking what this project may read …');
  }

  private choose(node: Node | null): void {
    this.selected = node;
    const { t } = this.texts;
    this.details.replaceChildren();
    this.details.hidden = !node;
    if (!node) {
      return;
    }
    this.details.append(
      element('h3', {}, [node.name]),
      ...(node.title ? [element('p', {}, [node.title])] : []),
      element('p', { className: 'carrel-Data-note' }, [node.note])
    );
    if (node.kind === 'extract') {
      this.details.append(element('p', { className: 'carrel-Data-path' }, [node.extract.folder]));
    }
    if (node.table) {
      this.insert.title = t('Adds a cell that loads the table {table}', {
        table: node.table.name
      });
      this.details.append(this.insert);
    }
    if (node.codes.length > 0) {
      const lines = node.codes.flatMap(({ code, meaning }) => [
        element('dt', {}, [code]),
        element('dd', {}, [meaning])
      ]);
      this.details.append(element('h4', {}, [t('Codes')]), element('dl', {}, lines));
    }
  }

  private async loadTable(node: Node | null): Promise<void> {
    if (node?.table) {
      await this.load(snippet(node.extract, node.table));
    }
  }
}

/** Put `code` into a new cell below the active one, or into that one while it is empty. */
async function addCell(panel: NotebookPanel, code: string): Promise<void> {
  await panel.context.ready;
  const { content } = panel;
  const active = content.activeCell;
  if (!active || active.model.type !== 'code' || active.model.sharedModel.getSource().trim()) {
    NotebookActions.insertBelow(content);
  }
  content.activeCell?.model.sharedModel.setSource(code);
  await NotebookActions.focusActiveCell(content);
}

export const data: JupyterFrontEndPlugin<void> = {
  id: '@carrel/desk:data',
  description: 'The dictionary of the data that the project may read.',
  autoStart: true,
  requires: [IDesk, ITexts, INotebookTracker],
  optional: [ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    desk: IDesk,
    texts: ITexts,
    notebooks: INotebookTracker,
    restorer: ILayoutRestorer | null
  ): void => {
    const load = async (code: string): Promise<void> => {
      const panel =
        notebooks.currentWidget ??
        ((await app.commands.execute('notebook:create-new', {
          kernelName: app.serviceManager.kernelspecs.specs?.default ?? ''
        })) as NotebookPanel | undefined);
      if (!panel?.content) {
        closed('no-notebook', texts.t('Open a notebook first, then load the table.'));
        return;
      }
      app.shell.activateById(panel.id);
      await addCell(panel, code);
    };
    const panel = new DataPanel(desk, texts, load);
    app.shell.add(panel, 'left', { rank: 110 });
    restorer?.add(panel, 'carrel-data');
  }
};
