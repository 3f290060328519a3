/** The visible watermark: who, which project, when, over the whole page and on paper. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { element } from './page.js';
import { minute } from './pure/format.js';
import { IDesk } from './tokens.js';

/** Screen pixels from mark to mark at least; the slanted sheet is larger than the window. */
const STEP = { across: 260, down: 110 };

/** Against a rule from anywhere else; these stand on the element itself and win. */
const FIXED: Readonly<Record<string, string>> = {
  display: 'block',
  position: 'fixed',
  visibility: 'visible',
  opacity: '1',
  'z-index': '2147483647',
  'pointer-events': 'none',
  transform: 'none',
  'clip-path': 'none',
  filter: 'none'
};

class Watermark {
  private readonly sheet = element('div', { className: 'carrel-Watermark' });
  private readonly observer = new MutationObserver(() => this.mend());
  private text = '';
  private rows = 0;
  private marks = 0;

  constructor(private readonly desk: IDesk) {
    this.sheet.setAttribute('aria-hidden', 'true');
    this.write();
    this.mend();
    desk.changed.connect(() => this.write());
    window.addEventListener('resize', () => this.write());
    window.addEventListener('beforeprint', () => this.write());
    window.setInterval(() => {
      this.write();
      this.mend();
    }, 15000);
  }

  private write(): void {
    const who = [this.desk.user, this.desk.project].filter(Boolean).join(' · ');
    const text = `${who} · ${minute(this.desk.now())}`;
    const side = Math.hypot(window.innerWidth, window.innerHeight);
    const rows = Math.ceil(side / STEP.down) + 1;
    const marks = Math.ceil(side / STEP.across) + 1;
    if (text !== this.text || rows !== this.rows || marks !== this.marks) {
      Object.assign(this, { text, rows, marks });
      this.mend(true);
    }
  }

  /** Put everything back as it must be; nothing is touched where it is. */
  private mend(anew = false): void {
    this.observer.disconnect();
    for (const name of this.sheet.getAttributeNames()) {
      if (!['class', 'style', 'aria-hidden'].includes(name)) {
        this.sheet.removeAttribute(name);
      }
    }
    this.sheet.className = 'carrel-Watermark';
    this.sheet.removeAttribute('style');
    for (const [property, value] of Object.entries(FIXED)) {
      this.sheet.style.setProperty(property, value, 'important');
    }
    if (anew || this.sheet.textContent !== this.text.repeat(this.marks * this.rows)) {
      this.sheet.replaceChildren(this.slant());
    }
    if (this.sheet.parentNode !== document.body) {
      document.body.append(this.sheet);
    }
    this.observer.observe(document.documentElement, { childList: true });
    this.observer.observe(document.body, { childList: true });
    this.observer.observe(this.sheet, {
      attributes: true,
      characterData: true,
      childList: true,
      subtree: true
    });
  }

  private slant(): HTMLElement {
    const repeat = (times: number, make: () => HTMLElement): HTMLElement[] =>
      Array.from({ length: times }, make);
    const row = (): HTMLElement =>
      element(
        'div',
        {},
        repeat(this.marks, () => element('span', {}, [this.text]))
      );
    return element('div', { className: 'carrel-Watermark-slant' }, repeat(this.rows, row));
  }
}

export const watermark: JupyterFrontEndPlugin<void> = {
  id: '@carrel/desk:watermark',
  description: 'Shows who is looking, at which project and when, over the whole page.',
  autoStart: true,
  requires: [IDesk],
  activate: (_app: JupyterFrontEnd, desk: IDesk): void => {
    new Watermark(desk);
  }
};
