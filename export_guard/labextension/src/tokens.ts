/** What the plugins of this extension share. */

import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

import type { Api, DeskInfo } from './api.js';
import type { Kind, Limits } from './pure/limits.js';
import type { Translate } from './pure/text.js';

/** Texts in the language that JupyterLab is set to. */
export interface ITexts {
  readonly t: Translate;
  readonly chinese: boolean;
}

export const ITexts = new Token<ITexts>('@carrel/desk:ITexts', "Carrel's texts");

/** Who is at which desk, what it may read, and its limits. */
export interface IDesk {
  readonly api: Api;
  /** `null` until the server has told. */
  readonly info: DeskInfo | null;
  readonly user: string;
  readonly project: string;
  readonly limits: Limits;
  /** Sent when `info` is there or was read again. */
  readonly changed: ISignal<IDesk, void>;
  /** Read `info` again; rejects with `Refused`. */
  refresh(): Promise<void>;
  /** The server's time. */
  now(): Date;
  /** Record something that was stopped here. */
  report(kind: Kind, size: number): void;
}

export const IDesk = new Token<IDesk>('@carrel/desk:IDesk', 'The desk and its project');
