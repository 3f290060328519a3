/** Knows the desk: asked for at the start, again when a panel wants it fresh. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';
import { type ISignal, Signal } from '@lumino/signaling';

import { Api, type DeskInfo } from './api.js';
import { type Kind, type Limits, usable } from './pure/limits.js';
import { IDesk } from './tokens.js';

const RETRY_MS = [2000, 5000, 15000, 60000];

class Desk implements IDesk {
  info: DeskInfo | null = null;
  private readonly signal = new Signal<this, void>(this);
  private ahead = 0;

  constructor(readonly api: Api) {}

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  get user(): string {
    return this.info?.user || PageConfig.getOption('hubUser');
  }

  get project(): string {
    return this.info?.project || PageConfig.getOption('hubServerName');
  }

  get limits(): Limits {
    return usable(this.info?.limits);
  }

  async refresh(): Promise<void> {
    const info = await this.api.desk();
    this.info = { ...info, extracts: info.extracts ?? [] };
    const time = Date.parse(info.time);
    this.ahead = Number.isNaN(time) ? 0 : time - Date.now();
    this.signal.emit();
  }

  now(): Date {
    return new Date(Date.now() + this.ahead);
  }

  report(kind: Kind, size: number): void {
    this.api.event(kind, size).catch(() => console.warn(`Not recorded: ${kind}`));
  }

  async start(): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await this.refresh();
      } catch {
        const pause = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)];
        await new Promise(resolve => setTimeout(resolve, pause));
      }
    }
  }
}

export const desk: JupyterFrontEndPlugin<IDesk> = {
  id: '@carrel/desk:desk',
  description: 'Who is at which desk, and what it may read.',
  autoStart: true,
  provides: IDesk,
  activate: (app: JupyterFrontEnd): IDesk => {
    const known = new Desk(new Api(app.serviceManager.serverSettings));
    void known.start();
    return known;
  }
};
