/** The display budget in the status bar, with a notice when it runs low. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { IConsoleTracker } from '@jupyterlab/console';
import { NotebookActions } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';
import { Widget } from '@lumino/widgets';

import { element } from './page.js';
import { type Budget, type Level, level, percent, windowOf } from './pure/budget.js';
import { count, size } from './pure/format.js';
import type { Translate } from './pure/text.js';
import { IDesk, ITexts } from './tokens.js';

const POLL_MS = 30000;
/** Outputs still arrive for a while after a cell has ended. */
const SETTLE_MS = 1500;

class BudgetItem extends Widget {
  private readonly button = element('button', { type: 'button' });
  private budget: Budget | null = null;
  private shown: Level = 'low';
  private timer = 0;

  constructor(
    private readonly desk: IDesk,
    private readonly t: Translate
  ) {
    super();
    this.addClass('carrel-Budget');
    this.hide();
    this.node.append(this.button);
    this.button.addEventListener('click', () => void this.explain());
    desk.changed.connect(() => this.write(desk.info?.budget));
    this.write(desk.info?.budget);
    window.setInterval(() => {
      if (!document.hidden) {
        void this.read();
      }
    }, POLL_MS);
  }

  /** Read the budget once what was just run has been shown. */
  soon(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.read(), SETTLE_MS);
  }

  private async read(): Promise<void> {
    try {
      this.write(await this.desk.api.budget());
    } catch {
      // The figure stays as it was; the next time tells.
    }
  }

  private write(budget: Budget | undefined): void {
    if (!budget) {
      return;
    }
    this.budget = budget;
    const per = percent(budget);
    const now = level(per);
    this.button.textContent = this.t('Shown {percent}% of the display budget', { percent: per });
    this.button.title = this.t('What the display budget is');
    this.node.dataset['level'] = now;
    this.show();
    if (now !== this.shown && now !== 'low') {
      this.warn(now);
    }
    this.shown = now;
  }

  private warn(now: Level): void {
    const message =
      now === 'spent'
        ? this.t('The display budget is spent: outputs are withheld. Ask for a release instead.')
        : this.t('Most of the display budget is spent. Show less, or ask for a release.');
    Notification.emit(message, now === 'spent' ? 'error' : 'warning', {
      autoClose: 10000,
      actions: [{ label: this.t('Details'), callback: () => void this.explain() }]
    });
  }

  private async explain(): Promise<void> {
    const { budget, t } = this;
    if (!budget) {
      return;
    }
    const { unit, value } = windowOf(budget);
    const span =
      unit === 'hours'
        ? t('in the last {n} hours', { n: value })
        : t('in the last {n} minutes', { n: value });
    const facts = (name: string, used: string, limit: string): HTMLElement[] => [
      element('dt', {}, [name]),
      element('dd', {}, [t('{used} of {limit}', { used, limit })])
    ];
    const body = new Widget({
      node: element('div', { className: 'carrel-BudgetDetails' }, [
        element('p', {}, [
          t('What outputs show is counted, {window}. It falls again as time passes.', {
            window: span
          })
        ]),
        element('dl', {}, [
          ...facts(t('Data shown'), size(budget.bytes), size(budget.limit_bytes)),
          ...facts(t('Table cells shown'), count(budget.cells), count(budget.limit_cells))
        ]),
        element('p', {}, [
          t('At 100% outputs are withheld. Code still runs, and its files are still written.')
        ]),
        element('p', {}, [
          t('To take results out, select their files and choose “Ask for a release”.')
        ])
      ])
    });
    await showDialog({
      title: t('Display budget'),
      body,
      buttons: [Dialog.okButton({ label: t('Close') })]
    });
  }
}

export const budget: JupyterFrontEndPlugin<void> = {
  id: '@carrel/desk:budget',
  description: 'The display budget in the status bar.',
  autoStart: true,
  requires: [IDesk, ITexts],
  optional: [IStatusBar, IConsoleTracker],
  activate: (
    _app: JupyterFrontEnd,
    desk: IDesk,
    { t }: ITexts,
    statusBar: IStatusBar | null,
    consoles: IConsoleTracker | null
  ): void => {
    const item = new BudgetItem(desk, t);
    statusBar?.registerStatusItem('@carrel/desk:budget', { item, align: 'right', rank: 200 });
    NotebookActions.executed.connect(() => item.soon());
    consoles?.widgetAdded.connect((_, panel) => {
      panel.console.executed.connect(() => item.soon());
    });
  }
};
